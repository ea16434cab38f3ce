#include <algorithm>
#include <array>

#include "admin/merge.h"
#include "admin/show.h"
#include "admin/table.h"
#include "base/check.h"

namespace weir::admin {

namespace {

using enum ColumnType;
using session::PoolRow;

constexpr std::array kPoolColumns{
    Column{"database"}, Column{"user"}, Column{"cl_active", Int4}, Column{"cl_waiting", Int4},
    Column{"cl_active_cancel_req", Int4}, Column{"cl_waiting_cancel_req", Int4},
    Column{"sv_active", Int4}, Column{"sv_active_cancel", Int4},
    Column{"sv_being_canceled", Int4}, Column{"sv_idle", Int4}, Column{"sv_used", Int4},
    Column{"sv_tested", Int4}, Column{"sv_login", Int4}, Column{"maxwait", Int4},
    Column{"maxwait_us", Int4}, Column{"pool_mode"}, Column{"load_balance_hosts"}};

// The console is no pool; its clients are shown as PgBouncer shows them.
PoolRow console_pool(const View& view) {
  PoolRow row{.database = std::string(kConsoleDatabase), .user = std::string(kConsoleDatabase)};
  row.mode = pool::Mode::Statement;
  for (const session::Snapshot& worker : view.workers) row.cl_active += worker.console_count;
  return row;
}

}  // namespace

void show_pools(const View& view, wire::Buffer& out) {
  std::vector<PoolRow> pools = merge_pools(view.workers);
  const auto after = std::ranges::upper_bound(pools, kConsoleDatabase, {}, &PoolRow::database);
  pools.insert(after, console_pool(view));
  Table table(out, kPoolColumns);
  for (const PoolRow& p : pools) {
    Row row = table.row();
    row.text(p.database).text(p.user);
    for (const std::uint64_t count :
         {p.cl_active, p.cl_waiting, p.cl_active_cancel_req, p.cl_waiting_cancel_req, p.sv_active,
          p.sv_active_cancel, p.sv_being_canceled, p.sv_idle, p.sv_used, p.sv_tested, p.sv_login})
      row.number(count);
    row.number(p.maxwait_us / 1'000'000).number(p.maxwait_us % 1'000'000);
    row.text(pool::mode_name(p.mode)).text_or_null(load_balancing(view.config, p.database));
  }
}

}  // namespace weir::admin

// SHOW MEM: what Weir's own objects take, under PgBouncer's names for what it has in their place.
#include <algorithm>
#include <array>
#include <limits>

#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using enum ColumnType;
using session::MemoryRow;

constexpr std::array kColumns{Column{"name"}, Column{"size", Int4}, Column{"used", Int4},
                              Column{"free", Int4}, Column{"memtotal", Int4}};

MemoryRow objects(std::string_view name, std::uint64_t size, std::uint64_t used) {
  return {.name = name, .size = size, .used = used, .free = 0, .total = size * used};
}

// The column is an int4 whatever there is.
std::uint64_t shown(std::uint64_t value) {
  return std::min<std::uint64_t>(value, std::numeric_limits<std::int32_t>::max());
}

// The workers' rows of one name together.
MemoryRow of_workers(const View& view, std::string_view name) {
  MemoryRow sum{.name = name};
  for (const session::Snapshot& worker : view.workers) {
    for (const MemoryRow& row : worker.memory) {
      if (row.name != name) continue;
      sum.size = row.size;
      sum.used += row.used;
      sum.free += row.free;
      sum.total += row.total;
    }
  }
  return sum;
}

}  // namespace

void show_memory(const View& view, wire::Buffer& out) {
  const config::Config& config = view.config;
  const std::uint64_t databases = config.databases.size() + (config.fallback ? 1 : 0);
  std::vector<MemoryRow> rows{
      objects("user_cache", sizeof(config::User), config.users.size()),
      objects("credentials_cache", sizeof(auth::Secret), config.auth_users.size()),
      objects("db_cache", sizeof(config::Database), databases),
      objects("peer_cache", sizeof(config::Peer), config.peers.size()),
      objects("peer_pool_cache", sizeof(config::Peer), 0)};
  for (const std::string_view name :
       {"pool_cache", "outstanding_request_cache", "server_cache", "client_cache", "iobuf_cache",
        "var_list_cache", "server_prepared_statement_cache"})
    rows.push_back(of_workers(view, name));
  Table table(out, kColumns);
  for (const MemoryRow& r : rows)
    table.row().text(r.name).number(shown(r.size)).number(shown(r.used)).number(shown(r.free))
        .number(shown(r.total));
}

}  // namespace weir::admin

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "admin/counter_fields.h"
#include "admin/merge.h"
#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using enum ColumnType;
using stats::Counters;

constexpr std::array kStatsColumns{
    Column{"database"},
    Column{"total_server_assignment_count", Numeric}, Column{"total_xact_count", Numeric},
    Column{"total_query_count", Numeric}, Column{"total_received", Numeric},
    Column{"total_sent", Numeric}, Column{"total_xact_time", Numeric},
    Column{"total_query_time", Numeric}, Column{"total_wait_time", Numeric},
    Column{"total_client_parse_count", Numeric}, Column{"total_server_parse_count", Numeric},
    Column{"total_bind_count", Numeric}, Column{"total_client_login_count", Numeric},
    Column{"avg_server_assignment_count", Numeric}, Column{"avg_xact_count", Numeric},
    Column{"avg_query_count", Numeric}, Column{"avg_recv", Numeric}, Column{"avg_sent", Numeric},
    Column{"avg_xact_time", Numeric}, Column{"avg_query_time", Numeric},
    Column{"avg_wait_time", Numeric}, Column{"avg_client_parse_count", Numeric},
    Column{"avg_server_parse_count", Numeric}, Column{"avg_bind_count", Numeric},
    Column{"avg_client_login_count", Numeric}};

constexpr std::array kTotalsColumns{
    Column{"database"}, Column{"server_assignment_count", Numeric}, Column{"xact_count", Numeric},
    Column{"query_count", Numeric}, Column{"bytes_received", Numeric},
    Column{"bytes_sent", Numeric}, Column{"xact_time", Numeric}, Column{"query_time", Numeric},
    Column{"wait_time", Numeric}, Column{"client_parse_count", Numeric},
    Column{"server_parse_count", Numeric}, Column{"bind_count", Numeric},
    Column{"client_login_count", Numeric}};

constexpr std::array kAveragesColumns{
    Column{"database"}, Column{"server_assignment_count", Numeric}, Column{"xact_count", Numeric},
    Column{"query_count", Numeric}, Column{"bytes_received", Numeric},
    Column{"bytes_sent", Numeric}, Column{"xact_time", Numeric}, Column{"query_time", Numeric},
    Column{"wait_time", Numeric}, Column{"avg_client_parse_count", Numeric},
    Column{"avg_server_parse_count", Numeric}, Column{"avg_bind_count", Numeric},
    Column{"avg_client_login_count", Numeric}};

constexpr std::array kSumColumns{Column{"name"}, Column{"value", Numeric}};

// As SHOW TOTALS names them, in the order of kCounterFields.
constexpr std::array<std::string_view, kCounterFields.size()> kSumNames{
    "server_assignment_count", "xact_count", "query_count", "client_bytes", "server_bytes",
    "xact_time", "query_time", "wait_time", "ps_client_parse_count", "ps_server_parse_count",
    "ps_bind_count", "client_login_count"};

void append_counters(Row& row, const Counters& counters) {
  for (const auto field : kCounterFields) row.number(counters.*field);
}

enum class Part { Totals, Averages, Both };

void show_part(const View& view, std::span<const Column> columns, Part part, wire::Buffer& out) {
  Table table(out, columns);
  for (const auto& [database, counters] : merge_counters(view.workers, view.console)) {
    Row row = table.row();
    row.text(database);
    if (part != Part::Averages) append_counters(row, counters);
    if (part != Part::Totals)
      append_counters(row, view.averages.of(database, counters, view.now));
  }
}

void append_sums(Table& table, std::string_view prefix, const Counters& counters) {
  for (std::size_t i = 0; i < kSumNames.size(); ++i)
    table.row().text(fmt::format("{}{}", prefix, kSumNames[i])).number(counters.*kCounterFields[i]);
}

}  // namespace

void show_stats(const View& view, wire::Buffer& out) {
  show_part(view, kStatsColumns, Part::Both, out);
}

void show_stats_totals(const View& view, wire::Buffer& out) {
  show_part(view, kTotalsColumns, Part::Totals, out);
}

void show_stats_averages(const View& view, wire::Buffer& out) {
  show_part(view, kAveragesColumns, Part::Averages, out);
}

void show_totals(const View& view, wire::Buffer& out) {
  const DatabaseCounters all = merge_counters(view.workers, view.console);
  Counters sum;
  for (const auto& [database, counters] : all) sum += counters;
  Table table(out, kSumColumns);
  append_sums(table, "total_", sum);
  append_sums(table, "avg_", view.averages.total(all, view.now));
}

}  // namespace weir::admin

// Pools and databases: what there is of each against what there may be.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "watch/cell_text.h"
#include "watch/cells.h"
#include "watch/figures.h"
#include "watch/reading.h"
#include "watch/views.h"

namespace weir::watch {

namespace {

constexpr std::array kPoolColumns{
    Column{"DATABASE"},      Column{"USER"},       Column{"CLIENTS", true}, Column{"WAITING", true},
    Column{"LONGEST", true}, Column{"BUSY", true}, Column{"IDLE", true},    Column{"OTHER", true},
    Column{"SIZE", true},    Column{"USE", true},  Column{"MODE"}};

constexpr std::array kDatabaseColumns{
    Column{"DATABASE"},    Column{"CLIENTS", true},   Column{"SERVERS", true},
    Column{"TX/S", true},  Column{"QUERIES/S", true}, Column{"QUERY", true},
    Column{"TX", true},    Column{"WAIT", true},      Column{"IN/S", true},
    Column{"OUT/S", true}, Column{"STATE"},           Column{"SERVER"}};

using RowsByName = std::map<std::string_view, const Row*>;

RowsByName by_name(const Rows& rows, std::string_view column) {
  RowsByName found;
  for (const Row& row : rows) found.emplace(text(row, column), &row);
  return found;
}

const Row& row_of(const RowsByName& rows, std::string_view name) {
  static const Row kNone;
  const auto found = rows.find(name);
  return found == rows.end() ? kNone : *found->second;
}

// Of a limit where 0 means that there is none.
Cell use_cell(std::uint64_t used, std::uint64_t limit) {
  if (limit == 0) return {"-", 0};
  const double percent = 100.0 * static_cast<double>(used) / static_cast<double>(limit);
  return {fmt::format("{:.0f}%", percent), percent};
}

Line pool_line(const Row& pool, std::uint64_t size) {
  const Servers servers(pool);
  const std::uint64_t waiting = number(pool, "cl_waiting"), longest = microseconds(pool, "maxwait");
  Line line;
  line.database = text(pool, "database");
  line.user = text(pool, "user");
  line.id = pool_id({line.database, line.user});
  line.cells = {text_cell(pool, "database"),
                text_cell(pool, "user"),
                count_cell(number(pool, "cl_active")),
                count_cell(waiting),
                time_cell(static_cast<double>(longest)),
                count_cell(servers.busy),
                count_cell(servers.idle),
                count_cell(servers.other),
                size == 0 ? Cell{"-"} : count_cell(size),
                use_cell(servers.all(), size),
                text_cell(pool, "pool_mode")};
  line.mark = mark_of_wait(waiting > 0, longest);
  return line;
}

// Of one database in the time between two samples.
struct Traffic {
  const Row &before, &now;
  double seconds;

  double of(std::string_view counter) const {
    return rate(number(before, counter), number(now, counter), seconds);
  }
  double mean(std::string_view time, std::string_view count) const {
    const double events = of(count);
    return events > 0 ? of(time) / events : 0;
  }
};

std::vector<Cell> traffic_cells(const Traffic& traffic) {
  const auto count = [&](std::string_view counter) {
    return Cell{count_text(traffic.of(counter)), traffic.of(counter)};
  };
  const auto bytes = [&](std::string_view counter) {
    return Cell{bytes_text(traffic.of(counter)), traffic.of(counter)};
  };
  return {count("xact_count"),
          count("query_count"),
          time_cell(traffic.mean("query_time", "query_count")),
          time_cell(traffic.mean("xact_time", "xact_count")),
          time_cell(traffic.mean("wait_time", "xact_count")),
          bytes("bytes_received"),
          bytes("bytes_sent")};
}

std::string server_of(const Row& database) {
  const std::string_view host = text(database, "host");
  if (host.empty()) return "";
  return printable(
      fmt::format("{}:{}/{}", host, text(database, "port"), text(database, "database")));
}

Line database_line(const Row& database) {
  const std::uint64_t servers = number(database, "current_connections");
  const std::uint64_t limit = number(database, "max_connections");
  const bool paused = number(database, "paused") != 0, disabled = number(database, "disabled") != 0;
  Line line;
  line.id = line.database = text(database, "name");
  line.cells = {text_cell(database, "name"),
                count_cell(number(database, "current_client_connections")),
                count_cell(servers),
                {disabled ? "disabled"
                 : paused ? "paused"
                          : ""},
                {server_of(database)}};
  if (paused || disabled || (limit > 0 && servers >= limit)) line.mark = Mark::Warning;
  return line;
}

}  // namespace

// PgBouncer takes the user's pool_size before the database's.
Table pools_table(const Sample& now) {
  const RowsByName databases = by_name(now.databases, "name"), users = by_name(now.users, "name");
  Table table{kPoolColumns, {}};
  for (const Row& pool : now.pools) {
    if (is_console(pool)) continue;
    const std::string_view own = text(row_of(users, text(pool, "user")), "pool_size");
    const std::size_t digits = own.find_first_not_of(' ');
    const Row& database = row_of(databases, text(pool, "database"));
    const Row user_size{{"pool_size", digits == own.npos ? "" : std::string(own.substr(digits))}};
    const std::uint64_t size = number(digits == own.npos ? database : user_size, "pool_size");
    table.lines.push_back(pool_line(pool, size));
  }
  return table;
}

Table databases_table(const Sample& now, const Sample* before) {
  const RowsByName totals = by_name(now.totals, "database");
  const RowsByName earlier = before == nullptr ? RowsByName() : by_name(before->totals, "database");
  Table table{kDatabaseColumns, {}};
  for (const Row& database : now.databases) {
    const std::string_view name = text(database, "name");
    if (name == "pgbouncer") continue;
    // A database that is new in this sample has no rate yet.
    const bool known = earlier.contains(name);
    const double seconds = known ? std::chrono::duration<double>(now.at - before->at).count() : 0;
    const auto cells = traffic_cells({row_of(earlier, name), row_of(totals, name), seconds});
    Line line = database_line(database);
    line.cells.insert(line.cells.begin() + 3, cells.begin(), cells.end());
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace weir::watch

// Clients and servers, each with whom it is linked to.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "watch/cell_text.h"
#include "watch/cells.h"
#include "watch/views.h"

namespace weir::watch {

namespace {

constexpr std::array kClientColumns{
    Column{"USER"},       Column{"DATABASE"},         Column{"STATE"},       Column{"ADDRESS"},
    Column{"WAIT", true}, Column{"SERVER PID", true}, Column{"APPLICATION"}, Column{"REQUEST"},
    Column{"CONNECTED"},  Column{"PREPARED", true},   Column{"TLS"}};

constexpr std::array kServerColumns{
    Column{"USER"},      Column{"DATABASE"},       Column{"STATE"},       Column{"ADDRESS"},
    Column{"PID", true}, Column{"CLIENT"},         Column{"APPLICATION"}, Column{"REQUEST"},
    Column{"CONNECTED"}, Column{"PREPARED", true}, Column{"TLS"}};

using RowsByPointer = std::map<std::string_view, const Row*>;

RowsByPointer by_pointer(const Rows& sockets) {
  RowsByPointer found;
  for (const Row& socket : sockets) found.emplace(text(socket, "ptr"), &socket);
  return found;
}

const Row* linked(const Row& socket, const RowsByPointer& others) {
  const auto found = others.find(text(socket, "link"));
  return found == others.end() || found->first.empty() ? nullptr : found->second;
}

Cell number_cell(const Row* row, std::string_view column) {
  const std::uint64_t value = row == nullptr ? 0 : number(*row, column);
  return {value == 0 ? "-" : fmt::format("{}", value), static_cast<double>(value)};
}

std::string address(const Row& socket) {
  const std::string_view host = text(socket, "addr");
  const std::string shown = host.contains(':') ? fmt::format("[{}]", host) : std::string(host);
  return printable(fmt::format("{}:{}", shown, text(socket, "port")));
}

// Of `2026-11-23 08:46:15 UTC` the day only where it is not today's, as the pooler counts days.
Cell moment_cell(const Row& socket, std::string_view column, std::string_view today) {
  constexpr std::size_t kDay = 10, kTime = 8;
  const std::string_view moment = text(socket, column);
  if (moment.size() < kDay + 1 + kTime) return {printable(moment)};
  const bool is_today = moment.starts_with(today);
  return {printable(is_today ? moment.substr(kDay + 1, kTime) : moment.substr(0, kDay))};
}

// The day of the latest request of all, which is the day on which the pooler was asked.
std::string_view latest_day(const Sample& now) {
  std::string_view latest;
  for (const Rows* side : {&now.clients, &now.servers})
    for (const Row& socket : *side)
      latest = std::max(latest, text(socket, "request_time").substr(0, 10));
  return latest;
}

Line socket_line(const Row& socket, std::string_view today) {
  Line line;
  line.id = text(socket, "ptr");
  line.database = text(socket, "database");
  line.user = text(socket, "user");
  line.cells = {text_cell(socket, "user"),
                text_cell(socket, "database"),
                text_cell(socket, "state"),
                {address(socket)},
                text_cell(socket, "application_name"),
                moment_cell(socket, "request_time", today),
                moment_cell(socket, "connect_time", today),
                number_cell(&socket, "prepared_statements"),
                text_cell(socket, "tls")};
  return line;
}

// Two cells behind the address: what differs between clients and servers.
void insert(Line& line, Cell first, Cell second) {
  line.cells.insert(line.cells.begin() + 4, {std::move(first), std::move(second)});
}

}  // namespace

// A client of a database with a user of its own belongs to that user's pool.
Table clients_table(const Sample& now) {
  std::map<std::string_view, std::string_view> forced;
  for (const Row& database : now.databases)
    if (const auto user = text(database, "force_user"); !user.empty())
      forced.emplace(text(database, "name"), user);
  const RowsByPointer servers = by_pointer(now.servers);
  const std::string_view today = latest_day(now);
  Table table{kClientColumns, {}};
  for (const Row& client : now.clients) {
    if (is_console(client)) continue;
    const std::uint64_t wait = microseconds(client, "wait");
    Line line = socket_line(client, today);
    insert(line, time_cell(static_cast<double>(wait)),
           number_cell(linked(client, servers), "remote_pid"));
    if (const auto user = forced.find(line.database); user != forced.end())
      line.user = user->second;
    line.mark = mark_of_wait(text(client, "state") == "waiting", wait);
    table.lines.push_back(std::move(line));
  }
  return table;
}

Table servers_table(const Sample& now) {
  const RowsByPointer clients = by_pointer(now.clients);
  const std::string_view today = latest_day(now);
  Table table{kServerColumns, {}};
  for (const Row& server : now.servers) {
    const Row* client = linked(server, clients);
    Line line = socket_line(server, today);
    insert(line, number_cell(&server, "remote_pid"), {client == nullptr ? "" : address(*client)});
    if (number(server, "close_needed") != 0) line.mark = Mark::Warning;
    table.lines.push_back(std::move(line));
  }
  return table;
}

}  // namespace weir::watch

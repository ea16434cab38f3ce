#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>

#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using enum ColumnType;
using session::SocketRow;

constexpr std::array kSocketColumns{
    Column{"type"}, Column{"user"}, Column{"database"}, Column{"replication"}, Column{"state"},
    Column{"addr"}, Column{"port", Int4}, Column{"local_addr"}, Column{"local_port", Int4},
    Column{"connect_time"}, Column{"request_time"}, Column{"wait", Int4}, Column{"wait_us", Int4},
    Column{"close_needed", Int4}, Column{"ptr"}, Column{"link"}, Column{"remote_pid", Int4},
    Column{"tls"}, Column{"application_name"}, Column{"prepared_statements", Int4},
    Column{"id", Int4},
    // Positions in a buffer of the socket's own, which Weir's connections do not have: 0.
    Column{"recv_pos", Int4}, Column{"pkt_pos", Int4}, Column{"pkt_remain", Int4},
    Column{"send_pos", Int4}, Column{"send_remain", Int4}, Column{"pkt_avail", Int4},
    Column{"send_avail", Int4}};
constexpr std::size_t kBufferColumns = 7;
constexpr std::size_t kPlainColumns = kSocketColumns.size() - kBufferColumns;

// As in `2026-11-23 08:46:15 UTC`.
std::string wall_time(const View& view, Instant at) {
  using namespace std::chrono;
  const auto us = sys_time<Duration>(Duration(view.wall_us) - (view.now - at));
  const auto day = floor<days>(us);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(us - day));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string pointer(std::uint64_t id) { return id == 0 ? "" : fmt::format("0x{:x}", id); }

// A client that has named no database yet has not got through its login.
bool is_arriving(const SocketRow& s) { return s.type == 'C' && s.database.empty(); }

std::string_view plain_state(const SocketRow& s) {
  return s.type == 'C' ? shown_client_state(s.state) : s.state;
}

// SHOW SOCKETS says which list a socket is in, and knows no idle clients.
std::string list_state(const SocketRow& s) {
  if (is_arriving(s)) return "cl_login";
  if (s.type == 'C') return fmt::format("cl_{}", s.state == "idle" ? "active" : plain_state(s));
  return fmt::format("sv_{}", s.state == "new" ? "login" : s.state);
}

void append_socket(Row& row, const View& view, const SocketRow& s, std::string_view state) {
  row.text({&s.type, 1}).text(s.user).text(s.database).text(s.replication).text(state);
  row.text(s.address).number(s.port).text(s.local_address).number(s.local_port);
  row.text(wall_time(view, s.connected)).text(wall_time(view, s.request));
  row.number(s.wait_us / 1'000'000).number(s.wait_us % 1'000'000).number(int{s.close_needed});
  row.text(pointer(s.id)).text(pointer(s.link)).number(s.remote_pid);
  row.text(s.tls).text(s.application_name).number(s.prepared_statements).number(s.id);
}

using Rows = std::vector<SocketRow>;

void show_side(const View& view, Rows session::Snapshot::*side, wire::Buffer& out) {
  Table table(out, std::span(kSocketColumns).first(kPlainColumns));
  for (const session::Snapshot& worker : view.workers) {
    for (const SocketRow& s : worker.*side) {
      if (is_arriving(s)) continue;
      Row row = table.row();
      append_socket(row, view, s, plain_state(s));
    }
  }
}

template <typename Wanted>
void show_both_sides(const View& view, wire::Buffer& out, Wanted wanted) {
  Table table(out, kSocketColumns);
  for (const auto side : {&session::Snapshot::clients, &session::Snapshot::servers}) {
    for (const session::Snapshot& worker : view.workers) {
      for (const SocketRow& s : worker.*side) {
        if (!wanted(s)) continue;
        Row row = table.row();
        append_socket(row, view, s, list_state(s));
        for (std::size_t i = 0; i < kBufferColumns; ++i) row.number(0);
      }
    }
  }
}

// Of PgBouncer 1.25 and older, which handed its sockets on by it. What it told of keys and secrets
// is NULL here.
constexpr std::array kDescriptorColumns{
    Column{"fd", Int4}, Column{"task"}, Column{"user"}, Column{"database"}, Column{"addr"},
    Column{"port", Int4}, Column{"cancel", Int8}, Column{"link", Int4},
    Column{"client_encoding"}, Column{"std_strings"}, Column{"datestyle"}, Column{"timezone"},
    Column{"password"}, Column{"scram_client_key"}, Column{"scram_server_key"}};
constexpr std::size_t kHiddenColumns = 7;

// The descriptor of the connection with that number, 0 where there is none.
int descriptor_of(const View& view, std::uint64_t id) {
  for (const session::Snapshot& worker : view.workers)
    for (const auto side : {&session::Snapshot::clients, &session::Snapshot::servers})
      for (const SocketRow& s : worker.*side)
        if (s.id == id) return s.descriptor;
  return 0;
}

}  // namespace

std::string_view shown_client_state(std::string_view state) {
  return state == "login" ? "waiting" : state;
}

void show_fds(const View& view, wire::Buffer& out) {
  Table table(out, kDescriptorColumns);
  for (const session::Snapshot& worker : view.workers) {
    for (const auto side : {&session::Snapshot::clients, &session::Snapshot::servers}) {
      for (const SocketRow& s : worker.*side) {
        if (s.descriptor < 0) continue;
        Row row = table.row();
        row.number(s.descriptor).text(s.type == 'C' ? "client" : "server").text(s.user);
        row.text(s.database).text(s.address).number(s.port).null();
        row.number(s.link == 0 ? 0 : descriptor_of(view, s.link));
        for (std::size_t i = 0; i < kHiddenColumns; ++i) row.null();
      }
    }
  }
}

void show_clients(const View& view, wire::Buffer& out) {
  show_side(view, &session::Snapshot::clients, out);
}

void show_servers(const View& view, wire::Buffer& out) {
  show_side(view, &session::Snapshot::servers, out);
}

void show_sockets(const View& view, wire::Buffer& out) {
  show_both_sides(view, out, [](const SocketRow&) { return true; });
}

// Those with an exchange under way.
void show_active_sockets(const View& view, wire::Buffer& out) {
  show_both_sides(view, out,
                  [](const SocketRow& s) { return s.state != "idle" && s.state != "used"; });
}

}  // namespace weir::admin

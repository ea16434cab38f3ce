#include "admin/render.h"

#include <algorithm>
#include <array>

#include "admin/json.h"
#include "admin/show.h"
#include "admin/table.h"
#include "base/check.h"
#include "wire/message.h"

namespace weir::admin {

namespace {

struct Shown {
  std::string_view name;
  void (*render)(const View&, wire::Buffer&);
  bool sockets = false;  // it needs the rows of clients and servers
};

constexpr std::array kShown{
    Shown{"active_sockets", show_active_sockets, true},
    Shown{"clients", show_clients, true},
    Shown{"config", show_config},
    Shown{"counters", show_counters},
    Shown{"databases", show_databases, true},
    Shown{"dns_hosts", show_dns_hosts},
    Shown{"dns_zones", show_dns_zones},
    Shown{"fds", show_fds, true},
    Shown{"help", show_help},
    Shown{"histograms", show_histograms},
    Shown{"lists", show_lists},
    Shown{"mem", show_memory},
    Shown{"peer_pools", show_peer_pools},
    Shown{"peers", show_peers},
    Shown{"pools", show_pools},
    Shown{"servers", show_servers, true},
    Shown{"sockets", show_sockets, true},
    Shown{"state", show_state},
    Shown{"stats", show_stats},
    Shown{"stats_averages", show_stats_averages},
    Shown{"stats_totals", show_stats_totals},
    Shown{"totals", show_totals},
    Shown{"users", show_users, true},
    Shown{"version", show_version},
};

// What drivers ask of every server when they connect.
struct Parameter {
  std::string_view name, value;
};

constexpr std::array kParameters{
    Parameter{"client_encoding", "UTF-8"},
    Parameter{"datestyle", "ISO"},
    Parameter{"default_transaction_isolation", "read committed"},
    Parameter{"extra_float_digits", "2"},
    Parameter{"standard_conforming_strings", "on"},
    Parameter{"timezone", "GMT"},
};

void show_parameter(const Parameter& parameter, wire::Buffer& out) {
  const std::array columns{Column{parameter.name}};
  Table(out, columns).row().text(parameter.value);
}

}  // namespace

bool is_own(std::string_view what) { return what == "counters" || what == "histograms"; }

bool needs_timings(std::string_view what) { return what == "histograms"; }

bool is_shown(std::string_view what) {
  return std::ranges::find(kShown, what, &Shown::name) != kShown.end() ||
         std::ranges::find(kParameters, what, &Parameter::name) != kParameters.end();
}

bool needs_sockets(std::string_view what) {
  const auto shown = std::ranges::find(kShown, what, &Shown::name);
  return shown != kShown.end() && shown->sockets;
}

void render_show(const Command& command, const View& view, wire::Buffer& out) {
  ASSERT(command.kind == Command::Kind::Show && is_shown(command.what));
  const auto parameter = std::ranges::find(kParameters, command.what, &Parameter::name);
  const auto shown = std::ranges::find(kShown, command.what, &Shown::name);
  if (parameter != kParameters.end()) {
    show_parameter(*parameter, out);
  } else {
    shown->render(view, out);
  }
  append_done(out, "SHOW");
}

// HELP is no table, and FDS is for whoever may take the descriptors.
std::vector<std::string_view> json_names() {
  std::vector<std::string_view> names;
  for (const Shown& shown : kShown)
    if (shown.name != "help" && shown.name != "fds") names.push_back(shown.name);
  return names;
}

std::string render_json(std::string_view what, const View& view) {
  const std::vector<std::string_view> names = json_names();
  if (std::ranges::find(names, what) == names.end()) return {};
  wire::Buffer table;
  std::ranges::find(kShown, what, &Shown::name)->render(view, table);
  return to_json(table);
}

void append_description(const Command& command, const View& view, wire::Buffer& out) {
  wire::Buffer answer;
  if (command.kind == Command::Kind::Show) render_show(command, view, answer);
  if (answer.empty() || answer[0] != wire::be::kRowDescription) {
    wire::append_empty(out, wire::be::kNoData);
    return;
  }
  Reader in(answer);
  in.u8();
  const std::uint32_t size = in.u32();
  out.insert(out.end(), answer.begin(), answer.begin() + 1 + size);
}

void append_done(wire::Buffer& out, std::string_view tag) {
  wire::append_command_complete(out, tag);
  wire::append_ready(out, 'I');
}

void append_set_ignored(wire::Buffer& out) {
  wire::append_notice(out, {.severity = "NOTICE", .sqlstate = "00000", .message = "SET ignored"});
  append_done(out, "SET");
}

void append_refused(wire::Buffer& out, std::string_view text, std::string_view sqlstate) {
  wire::append_error(out, {.severity = "ERROR", .sqlstate = sqlstate, .message = text});
  wire::append_ready(out, 'I');
}

}  // namespace weir::admin

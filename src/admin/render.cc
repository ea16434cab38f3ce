#include "admin/render.h"

#include <algorithm>
#include <array>

#include "admin/show.h"
#include "admin/table.h"
#include "base/check.h"
#include "wire/message.h"

namespace weir::admin {

namespace {

struct Shown {
  std::string_view name;
  void (*render)(const View&, wire::Buffer&);
};

constexpr std::array kShown{
    Shown{"active_sockets", show_active_sockets},
    Shown{"clients", show_clients},
    Shown{"config", show_config},
    Shown{"databases", show_databases},
    Shown{"dns_hosts", show_dns_hosts},
    Shown{"dns_zones", show_dns_zones},
    Shown{"fds", show_fds},
    Shown{"help", show_help},
    Shown{"lists", show_lists},
    Shown{"mem", show_memory},
    Shown{"peer_pools", show_peer_pools},
    Shown{"peers", show_peers},
    Shown{"pools", show_pools},
    Shown{"servers", show_servers},
    Shown{"sockets", show_sockets},
    Shown{"state", show_state},
    Shown{"stats", show_stats},
    Shown{"stats_averages", show_stats_averages},
    Shown{"stats_totals", show_stats_totals},
    Shown{"totals", show_totals},
    Shown{"users", show_users},
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

bool is_shown(std::string_view what) {
  return std::ranges::find(kShown, what, &Shown::name) != kShown.end() ||
         std::ranges::find(kParameters, what, &Parameter::name) != kParameters.end();
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

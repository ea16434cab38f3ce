// SHOW LISTS, CONFIG, STATE, VERSION and HELP.
#include <algorithm>
#include <array>
#include <optional>

#include "admin/merge.h"
#include "admin/names.h"
#include "admin/show.h"
#include "admin/table.h"
#include "config/options.h"

namespace weir::admin {

namespace {

using enum ColumnType;

constexpr std::array kListColumns{Column{"list"}, Column{"items", Int4}};
constexpr std::array kConfigColumns{Column{"key"}, Column{"value"}, Column{"default"},
                                    Column{"changeable"}};
constexpr std::array kStateColumns{Column{"key"}, Column{"value"}};
constexpr std::array kVersionColumns{Column{"version"}};

// What PgBouncer prints, which is in two parts for the sake of what Weir has in between.
constexpr std::string_view kUsageOfShow =
    "\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION"
    "\n\tSHOW PEERS|PEER_POOLS"
    "\n\tSHOW SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE"
    "\n\tSHOW DNS_HOSTS|DNS_ZONES"
    "\n\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS";
constexpr std::string_view kUsageOfOwn = "\n\tSHOW HISTOGRAMS|COUNTERS";
constexpr std::string_view kUsageOfCommands =
    "\n\tSET key = arg"
    "\n\tRELOAD"
    "\n\tPAUSE [<db>]"
    "\n\tRESUME [<db>]"
    "\n\tDISABLE <db>"
    "\n\tENABLE <db>"
    "\n\tRECONNECT [<db>]"
    "\n\tKILL [<db>]"
    "\n\tKILL_CLIENT <client_id>"
    "\n\tSHUTDOWN"
    "\n\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS"
    "\n\tWAIT_CLOSE [<db>]";

std::string_view yes_no(bool yes) { return yes ? "yes" : "no"; }

void append_optional(Row& row, const std::optional<std::string>& value) {
  if (value) {
    row.text(*value);
  } else {
    row.null();
  }
}

}  // namespace

void show_lists(const View& view, wire::Buffer& out) {
  std::uint64_t clients = 0, arriving = 0, servers = 0, free_clients = 0, free_servers = 0;
  for (const session::Snapshot& worker : view.workers) {
    clients += worker.client_count;
    arriving += worker.login_clients;
    servers += worker.server_count;
    for (const session::MemoryRow& row : worker.memory) {
      if (row.name == "client_cache") free_clients += row.free;
      if (row.name == "server_cache") free_servers += row.free;
    }
  }
  Table table(out, kListColumns);
  table.row().text("databases").number(database_names(view).size());
  table.row().text("users").number(user_names(view).size());
  table.row().text("peers").number(view.config.peers.size());
  table.row().text("pools").number(merge_pools(view.workers).size() + 1);  // the console's
  table.row().text("peer_pools").number(merge_peer_pools(view.workers).size());
  table.row().text("free_clients").number(free_clients);
  table.row().text("used_clients").number(clients - std::min(clients, arriving));
  table.row().text("login_clients").number(arriving);
  table.row().text("free_servers").number(free_servers);
  table.row().text("used_servers").number(servers);
  table.row().text("dns_names").number(view.hosts.size());
  table.row().text("dns_zones").number(0);
  table.row().text("dns_queries").number(view.names_wanted);
  table.row().text("dns_pending").number(0);  // PgBouncer's is always 0 as well
}

void show_config(const View& view, wire::Buffer& out) {
  Table table(out, kConfigColumns);
  for (const config::ShownOption& option : config::show(view.config)) {
    Row row = table.row();
    row.text(option.key);
    append_optional(row, option.value);
    append_optional(row, option.default_value);
    row.text(yes_no(option.changeable));
  }
}

void show_state(const View& view, wire::Buffer& out) {
  Table table(out, kStateColumns);
  table.row().text("active").text(yes_no(!view.all_paused));
  table.row().text("paused").text(yes_no(view.all_paused));
}

void show_version(const View& view, wire::Buffer& out) {
  Table(out, kVersionColumns).row().text(view.version);
}

void show_help(const View& view, wire::Buffer& out) {
  std::string usage(kUsageOfShow);
  if (!view.config.weir.strict) usage += kUsageOfOwn;
  usage += kUsageOfCommands;
  wire::append_notice(out, {.severity = "NOTICE", .sqlstate = "00000",
                            .message = "Console usage", .detail = usage});
}

}  // namespace weir::admin

// The SHOW commands, one function each: its table, without CommandComplete. For render.cc.
#pragma once

#include <string_view>

#include "admin/view.h"
#include "session/snapshot.h"
#include "wire/write.h"

namespace weir::admin {

// Whether it is Weir's alone: unknown where strict is on. Whether its rows need the histograms.
bool is_own(std::string_view what);
bool needs_timings(std::string_view what);

// Whether SHOW has such an object, in lower case, be it only to say that it is not available.
bool is_shown(std::string_view what);

void show_pools(const View& view, wire::Buffer& out);
void show_clients(const View& view, wire::Buffer& out);
void show_servers(const View& view, wire::Buffer& out);
void show_sockets(const View& view, wire::Buffer& out);
void show_active_sockets(const View& view, wire::Buffer& out);
void show_databases(const View& view, wire::Buffer& out);
void show_users(const View& view, wire::Buffer& out);
void show_peers(const View& view, wire::Buffer& out);
void show_peer_pools(const View& view, wire::Buffer& out);
void show_stats(const View& view, wire::Buffer& out);
void show_stats_totals(const View& view, wire::Buffer& out);
void show_stats_averages(const View& view, wire::Buffer& out);
void show_totals(const View& view, wire::Buffer& out);
void show_memory(const View& view, wire::Buffer& out);
void show_dns_hosts(const View& view, wire::Buffer& out);
void show_dns_zones(const View& view, wire::Buffer& out);
void show_fds(const View& view, wire::Buffer& out);
void show_lists(const View& view, wire::Buffer& out);
void show_config(const View& view, wire::Buffer& out);
void show_state(const View& view, wire::Buffer& out);
void show_version(const View& view, wire::Buffer& out);
void show_help(const View& view, wire::Buffer& out);
void show_histograms(const View& view, wire::Buffer& out);
void show_counters(const View& view, wire::Buffer& out);

// A client's state as SHOW CLIENTS has it: one that waits for the first server's welcome is waiting
// like any other.
std::string_view shown_client_state(std::string_view state);

// `load_balance_hosts` as it is shown: empty unless the database has several hosts.
std::string_view load_balancing(const config::Config& config, std::string_view database);

}  // namespace weir::admin

// All that an answer of the console is made from. Values and references that live as long as the
// call; the console's owner fills it for every command.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "admin/averages.h"
#include "base/time.h"
#include "config/config.h"
#include "session/snapshot.h"
#include "stats/counters.h"

namespace weir::admin {

// The name under which the console itself is reached; no configuration can define it.
inline constexpr std::string_view kConsoleDatabase = "pgbouncer";

// A host name that the resolver has asked for.
struct HostRow {
  std::string name;
  std::int64_t ttl_s = 0;
  std::string addresses;  // separated by commas; empty: the name does not exist
};

struct View {
  std::span<const session::Snapshot> workers;
  const config::Config& config;
  const Averages& averages;
  std::string_view version;     // what SHOW VERSION says
  std::int64_t wall_us = 0;     // the wall clock at `now`, microseconds since 1970
  Instant now{};
  bool all_paused = false;
  bool shutting_down = false;
  std::span<const std::string> paused = {};    // databases paused or killed one by one
  std::span<const std::string> disabled = {};  // databases
  stats::Counters console = {};                // of the console itself
  std::span<const HostRow> hosts = {};         // in the resolver's cache
  std::uint64_t names_wanted = 0;              // that the resolver is asking for
};

}  // namespace weir::admin

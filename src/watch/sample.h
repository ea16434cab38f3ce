// What one round of questions to a console gave. Pure.
#pragma once

#include <chrono>
#include <string>

#include "watch/rows.h"

namespace weir::watch {

struct Sample {
  std::string version, where, user;  // of the pooler, its address, who asks
  std::string clock;                 // the time of day here
  std::chrono::steady_clock::time_point at;
  Rows pools, databases, users, totals;  // SHOW POOLS, DATABASES, USERS, STATS_TOTALS
  bool has_sockets = false;              // whether it was asked for the following
  Rows clients, servers;                 // SHOW CLIENTS, SERVERS
};

}  // namespace weir::watch

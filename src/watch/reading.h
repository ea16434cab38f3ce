// What a whole pooler does, from its console's tables: sums over all pools but the console's own,
// and rates from two of them. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "watch/rows.h"

namespace weir::watch {

struct Reading {
  std::uint64_t clients_active = 0, clients_waiting = 0, longest_wait_us = 0;
  std::uint64_t servers_busy = 0, servers_idle = 0, servers_other = 0;
  std::uint64_t transactions = 0, queries = 0, query_us = 0;  // since the pooler started
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::chrono::steady_clock::time_point at;
};

struct Rates {
  double transactions = 0, queries = 0, bytes_in = 0, bytes_out = 0;  // per second
  double query_us = 0;                                                // mean of a query
};

// What one row of SHOW POOLS says of its servers.
struct Servers {
  std::uint64_t busy = 0, idle = 0, other = 0;

  explicit Servers(const Row& pool);
  std::uint64_t all() const { return busy + idle + other; }
};

// From the answers to SHOW POOLS and SHOW STATS_TOTALS.
Reading reading_of(const Rows& pools, const Rows& totals, std::chrono::steady_clock::time_point at);
Rates rates_between(const Reading& before, const Reading& now);

}  // namespace weir::watch

// What the pooler does right now, as one line for a person to watch: taken from two readings of
// its console, as any monitoring would.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/console.h"

namespace weir::cli {

// Sums over all pools but the console's own.
struct Reading {
  std::uint64_t clients_active = 0, clients_waiting = 0;
  std::uint64_t servers_busy = 0, servers_idle = 0;
  std::uint64_t transactions = 0, queries = 0, query_us = 0;  // since the pooler started
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::chrono::steady_clock::time_point at;
};

// From the answers to SHOW POOLS and SHOW STATS.
Reading reading_of(const Rows& pools, const Rows& stats);
std::string describe(const Reading& before, const Reading& now);

class LiveFigures {
 public:
  explicit LiveFigures(Address console) : address_(std::move(console)) {}

  // What happened since the last call; the reason where the console does not answer.
  std::string line();

 private:
  Result<Reading> read();

  Address address_;
  std::optional<Console> console_;
  std::optional<Reading> last_;
};

}  // namespace weir::cli

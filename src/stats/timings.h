// Where the time of one pool goes: a histogram for each kind of duration. What each kind measures
// is told in docs/metrics.md. Plain values of the worker that owns the pool.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/histogram.h"
#include "base/time.h"

namespace weir::stats {

enum class Timing : std::uint8_t {
  Query,          // first message of a query to its ReadyForQuery; the sum is query_time
  Transaction,    // from when it has a server to its last ReadyForQuery; the sum is xact_time
  Wait,           // for a server, of everybody who got one, 0 included; the sum is wait_time
  Server,         // the part of Query in which the server was not held up by its client
  ClientRead,     // the part of Query in which it was: the client did not take its answer
  ClientIdle,     // in a transaction, from ReadyForQuery to the client's next message
  ServerConnect,  // to a server, names and addresses that failed included
  ServerLogin,    // from there to its first ReadyForQuery, TLS and connect_query included
  ClientLogin,    // from a client's connection to its first ReadyForQuery
};
inline constexpr std::size_t kTimings = 9;

// As metrics and SHOW HISTOGRAMS name them.
inline constexpr std::array<std::string_view, kTimings> kTimingNames{
    "query",       "transaction",    "wait",         "server",      "client_read",
    "client_idle", "server_connect", "server_login", "client_login"};

class Timings {
 public:
  void record(Timing kind, Duration d) {
    ASSERT(d >= Duration::zero());
    all_[static_cast<std::size_t>(kind)].record(static_cast<std::uint64_t>(d.count()));
  }
  const Histogram& of(Timing kind) const { return all_[static_cast<std::size_t>(kind)]; }

  Timings& operator+=(const Timings& other) {
    for (std::size_t i = 0; i < kTimings; ++i) all_[i] += other.all_[i];
    return *this;
  }

 private:
  std::array<Histogram, kTimings> all_;
};

}  // namespace weir::stats

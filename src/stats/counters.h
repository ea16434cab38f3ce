// PgBouncer's counters of one pool. Plain integers of the worker that owns the pool;
// durations in microseconds, sizes in bytes.
#pragma once

#include <cstdint>

namespace weir::stats {

struct Counters {
  std::uint64_t server_assignment_count = 0;
  std::uint64_t xact_count = 0;
  std::uint64_t query_count = 0;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t xact_time = 0;
  std::uint64_t query_time = 0;
  std::uint64_t wait_time = 0;
  std::uint64_t client_parse_count = 0;
  std::uint64_t server_parse_count = 0;
  std::uint64_t bind_count = 0;
  std::uint64_t client_login_count = 0;

  Counters& operator+=(const Counters& o) {
    server_assignment_count += o.server_assignment_count;
    xact_count += o.xact_count;
    query_count += o.query_count;
    received += o.received;
    sent += o.sent;
    xact_time += o.xact_time;
    query_time += o.query_time;
    wait_time += o.wait_time;
    client_parse_count += o.client_parse_count;
    server_parse_count += o.server_parse_count;
    bind_count += o.bind_count;
    client_login_count += o.client_login_count;
    return *this;
  }
  friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace weir::stats

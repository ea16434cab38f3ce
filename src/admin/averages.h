// The avg_ columns of SHOW STATS and the line of figures in the log, over the last one to two
// stats periods. Pure; one Averages belongs to the owner of the console, on one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "stats/counters.h"

namespace weir::admin {

using DatabaseCounters = std::map<std::string, stats::Counters, std::less<>>;

class Averages {
 public:
  explicit Averages(Instant start) : older_{start, {}}, newer_{start, {}} {}

  // Once every stats_period.
  void sample(Instant now, DatabaseCounters counters);

  // What happened since the older of the two samples, as PgBouncer averages it: counts and bytes
  // per second; times in microseconds for each transaction, query or assignment of a server.
  stats::Counters of(std::string_view database, const stats::Counters& current, Instant now) const;
  stats::Counters total(const DatabaseCounters& current, Instant now) const;

 private:
  struct Sample {
    Instant at;
    DatabaseCounters counters;
  };

  stats::Counters since_older(std::string_view database, const stats::Counters& current) const;

  Sample older_, newer_;
};

// `stats: 12 xacts/s, ...`, of what total() gives right after sample().
std::string stats_line(const stats::Counters& averages);

}  // namespace weir::admin

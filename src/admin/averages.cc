#include "admin/averages.h"

#include <fmt/format.h>

#include <utility>

#include "admin/counter_fields.h"

namespace weir::admin {

namespace {

using stats::Counters;

// In two parts, so that no product overflows.
std::uint64_t per_second(std::uint64_t count, Duration window) {
  constexpr std::uint64_t kSecond = 1'000'000;
  const auto us = static_cast<std::uint64_t>(window.count());
  return count / us * kSecond + count % us * kSecond / us;
}

std::uint64_t mean(std::uint64_t time, std::uint64_t count) {
  return count == 0 ? 0 : time / count;
}

Counters average(const Counters& change, Duration window) {
  Counters averages;
  if (window <= Duration::zero()) return averages;
  for (const auto field : kCounterFields) averages.*field = per_second(change.*field, window);
  averages.xact_time = mean(change.xact_time, change.xact_count);
  averages.query_time = mean(change.query_time, change.query_count);
  averages.wait_time = mean(change.wait_time, change.server_assignment_count);
  return averages;
}

}  // namespace

void Averages::sample(Instant now, DatabaseCounters counters) {
  older_ = std::exchange(newer_, Sample{now, std::move(counters)});
}

Counters Averages::since_older(std::string_view database, const Counters& current) const {
  const auto at = older_.counters.find(database);
  if (at == older_.counters.end()) return current;
  Counters change;
  // A counter goes back when a pool was dropped and made again: all it has now is new.
  for (const auto field : kCounterFields) {
    const std::uint64_t before = at->second.*field;
    change.*field = current.*field < before ? current.*field : current.*field - before;
  }
  return change;
}

Counters Averages::of(std::string_view database, const Counters& current, Instant now) const {
  return average(since_older(database, current), now - older_.at);
}

Counters Averages::total(const DatabaseCounters& current, Instant now) const {
  Counters change;
  for (const auto& [database, counters] : current) change += since_older(database, counters);
  return average(change, now - older_.at);
}

std::string stats_line(const Counters& averages) {
  const Counters& a = averages;
  return fmt::format(
      "stats: {} xacts/s, {} queries/s, {} client parses/s, {} server parses/s, {} binds/s, "
      "{} client logins/s, in {} B/s, out {} B/s, xact {} us, query {} us, wait {} us",
      a.xact_count, a.query_count, a.client_parse_count, a.server_parse_count, a.bind_count,
      a.client_login_count, a.received, a.sent, a.xact_time, a.query_time, a.wait_time);
}

}  // namespace weir::admin

#include "watch/reading.h"

#include <algorithm>

#include "watch/figures.h"

namespace weir::watch {

Servers::Servers(const Row& pool)
    : busy(number(pool, "sv_active")),
      idle(number(pool, "sv_idle") + number(pool, "sv_used")),
      other(number(pool, "sv_login") + number(pool, "sv_tested") +
            number(pool, "sv_active_cancel") + number(pool, "sv_being_canceled")) {}

Reading reading_of(const Rows& pools, const Rows& totals,
                   std::chrono::steady_clock::time_point at) {
  Reading reading;
  for (const auto& pool : pools) {
    if (is_console(pool)) continue;
    const Servers servers(pool);
    reading.clients_active += number(pool, "cl_active");
    reading.clients_waiting += number(pool, "cl_waiting");
    reading.longest_wait_us = std::max(reading.longest_wait_us, microseconds(pool, "maxwait"));
    reading.servers_busy += servers.busy;
    reading.servers_idle += servers.idle;
    reading.servers_other += servers.other;
  }
  for (const auto& database : totals) {
    if (is_console(database)) continue;
    reading.transactions += number(database, "xact_count");
    reading.queries += number(database, "query_count");
    reading.query_us += number(database, "query_time");
    reading.bytes_in += number(database, "bytes_received");
    reading.bytes_out += number(database, "bytes_sent");
  }
  reading.at = at;
  return reading;
}

Rates rates_between(const Reading& before, const Reading& now) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  const auto per_second = [&](std::uint64_t Reading::* counter) {
    return rate(before.*counter, now.*counter, seconds);
  };
  Rates rates{per_second(&Reading::transactions), per_second(&Reading::queries),
              per_second(&Reading::bytes_in), per_second(&Reading::bytes_out)};
  if (rates.queries > 0) rates.query_us = per_second(&Reading::query_us) / rates.queries;
  return rates;
}

}  // namespace weir::watch

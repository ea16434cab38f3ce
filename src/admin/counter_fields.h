// The counters in the order in which SHOW STATS, STATS_TOTALS, STATS_AVERAGES and TOTALS show them.
#pragma once

#include <array>

#include "stats/counters.h"

namespace weir::admin {

inline constexpr std::array kCounterFields{
    &stats::Counters::server_assignment_count, &stats::Counters::xact_count,
    &stats::Counters::query_count,             &stats::Counters::received,
    &stats::Counters::sent,                    &stats::Counters::xact_time,
    &stats::Counters::query_time,              &stats::Counters::wait_time,
    &stats::Counters::client_parse_count,      &stats::Counters::server_parse_count,
    &stats::Counters::bind_count,              &stats::Counters::client_login_count};

static_assert(sizeof(stats::Counters) == kCounterFields.size() * sizeof(std::uint64_t));

}  // namespace weir::admin

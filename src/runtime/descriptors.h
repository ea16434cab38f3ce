// How many descriptors the process may have open, and how many it may need.
#pragma once

#include <cstdint>

#include "config/config.h"
#include "runtime/log.h"

namespace weir::runtime {

// With every pool full: PgBouncer's arithmetic.
std::uint64_t expected_descriptors(const config::Config& config);

// Raises the limit as far as it goes, logs it, and warns where it will not do.
void report_descriptors(const config::Config& config, Log& log);

}  // namespace weir::runtime

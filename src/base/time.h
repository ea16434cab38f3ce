// The core's notion of time: an instant of the monotonic clock handed in by the caller.
// Nothing in the folders without I/O reads a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

using Duration = std::chrono::microseconds;

struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};

using Instant = MonotonicClock::time_point;

}  // namespace weir

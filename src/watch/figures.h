// Numbers as a person reads them, in few columns. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace weir::watch {

// Per second; 0 where a counter has begun anew in between, as it does when a pool is dropped.
double rate(std::uint64_t before, std::uint64_t now, double seconds);

std::string count_text(double count);        // 0.5, 12, 99999, 123.4k, 1.2M
std::string bytes_text(double count);        // 999 B, 1.5 kB, 3.0 MB, 1.2 GB
std::string time_text(double microseconds);  // 0.25 ms, 150 ms, 1.5 s, 2m 05s, 1h 01m

}  // namespace weir::watch

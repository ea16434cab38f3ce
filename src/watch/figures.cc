#include "watch/figures.h"

#include <fmt/format.h>

namespace weir::watch {

double rate(std::uint64_t before, std::uint64_t now, double seconds) {
  return now < before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

// The limits lie where rounding would give a number of one digit more.
std::string count_text(double count) {
  if (count == 0) return "0";
  if (count < 9.95) return fmt::format("{:.1f}", count);
  if (count < 99'999.5) return fmt::format("{:.0f}", count);
  if (count < 999'950) return fmt::format("{:.1f}k", count / 1e3);
  return count < 999.95e6 ? fmt::format("{:.1f}M", count / 1e6)
                          : fmt::format("{:.1f}G", count / 1e9);
}

std::string bytes_text(double count) {
  if (count < 999.5) return fmt::format("{:.0f} B", count);
  if (count < 999.95e3) return fmt::format("{:.1f} kB", count / 1e3);
  return count < 999.95e6 ? fmt::format("{:.1f} MB", count / 1e6)
                          : fmt::format("{:.1f} GB", count / 1e9);
}

std::string time_text(double microseconds) {
  if (microseconds < 9'995) return fmt::format("{:.2f} ms", microseconds / 1e3);
  if (microseconds < 999.5e3) return fmt::format("{:.0f} ms", microseconds / 1e3);
  if (microseconds < 59.95e6) return fmt::format("{:.1f} s", microseconds / 1e6);
  const auto seconds = static_cast<std::uint64_t>(microseconds / 1e6 + 0.5);
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
}

}  // namespace weir::watch

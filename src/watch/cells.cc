#include "watch/cells.h"

#include <fmt/format.h>

#include "watch/cell_text.h"
#include "watch/figures.h"

namespace weir::watch {

namespace {

constexpr std::uint64_t kLongWaitUs = 1'000'000;

}  // namespace

Cell text_cell(const Row& row, std::string_view column) { return {printable(text(row, column))}; }

Cell count_cell(std::uint64_t count) {
  return {fmt::format("{}", count), static_cast<double>(count)};
}

Cell time_cell(double microseconds) {
  return {microseconds > 0 ? time_text(microseconds) : "-", microseconds};
}

Mark mark_of_wait(bool waits, std::uint64_t microseconds) {
  if (!waits) return Mark::None;
  return microseconds >= kLongWaitUs ? Mark::Alarm : Mark::Warning;
}

}  // namespace weir::watch

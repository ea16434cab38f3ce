// Cells as all views make them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "watch/rows.h"
#include "watch/table.h"

namespace weir::watch {

Cell text_cell(const Row& row, std::string_view column);
Cell count_cell(std::uint64_t count);
// `-` where there is none.
Cell time_cell(double microseconds);

// What waits of this length call for: nothing, a warning below a second, else an alarm.
Mark mark_of_wait(bool waits, std::uint64_t microseconds);

}  // namespace weir::watch

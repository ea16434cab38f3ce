// What a console answers: rows by the names of their columns. NULL is the empty string, and so is
// a column that is not there, since poolers differ in what they show. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::watch {

using Row = std::map<std::string, std::string, std::less<>>;
using Rows = std::vector<Row>;

std::string_view text(const Row& row, std::string_view column);
// 0 where it is no number.
std::uint64_t number(const Row& row, std::string_view column);
// A time in two columns, as in maxwait (seconds) and maxwait_us (the rest).
std::uint64_t microseconds(const Row& row, const std::string& column);
// Whether a row of SHOW POOLS or STATS_TOTALS is about the console itself.
bool is_console(const Row& row);

}  // namespace weir::watch

#include "stats/sqlstates.h"

#include <algorithm>

namespace weir::stats {

namespace {

// Sorted; the last row takes what has no place.
constexpr std::array<std::string_view, SqlStates::kRows> kNames{
    "08000", "08001", "08003", "08004", "08006", "08P01", "08xxx", "0A000", "0Axxx", "21000",
    "21xxx", "22001", "22003", "22007", "22008", "22012", "22021", "22023", "22P02", "22P04",
    "22P05", "22xxx", "23000", "23502", "23503", "23505", "23514", "23P01", "23xxx", "25000",
    "25001", "25006", "25P01", "25P02", "25P03", "25P04", "25xxx", "26000", "28000", "28P01",
    "28xxx", "2BP01", "2Bxxx", "34000", "3B001", "3D000", "3F000", "40001", "40P01", "40xxx",
    "42501", "42601", "42602", "42701", "42702", "42703", "42704", "42710", "42723", "42725",
    "42804", "42809", "42846", "42883", "42P01", "42P02", "42P05", "42P07", "42P10", "42P18",
    "42xxx", "44000", "53100", "53200", "53300", "53xxx", "54000", "54001", "54xxx", "55000",
    "55006", "55P03", "55xxx", "57014", "57P01", "57P02", "57P03", "57P04", "57P05", "57xxx",
    "58000", "58030", "58P01", "58xxx", "F0000", "HV000", "HVxxx", "P0001", "P0002", "P0003",
    "P0004", "P0xxx", "XX000", "XX001", "XX002", "XXxxx",
    "other"};
constexpr std::size_t kOther = SqlStates::kRows - 1;

constexpr auto kSorted = kNames.begin() + kOther;
static_assert(std::is_sorted(kNames.begin(), kSorted));

std::size_t find(std::string_view name) {
  const auto* it = std::lower_bound(kNames.begin(), kSorted, name);
  return it != kSorted && *it == name ? static_cast<std::size_t>(it - kNames.begin()) : kOther;
}

}  // namespace

std::string_view SqlStates::name(std::size_t row) { return kNames[row]; }

std::size_t SqlStates::row_of(std::string_view sqlstate) {
  if (sqlstate.size() != 5) return kOther;
  if (const std::size_t row = find(sqlstate); row != kOther) return row;
  const char of_class[] = {sqlstate[0], sqlstate[1], 'x', 'x', 'x'};
  return find({of_class, sizeof of_class});
}

}  // namespace weir::stats

#include "watch/rows.h"

#include <charconv>

namespace weir::watch {

std::string_view text(const Row& row, std::string_view column) {
  const auto found = row.find(column);
  return found == row.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t number(const Row& row, std::string_view column) {
  const auto digits = text(row, column);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::uint64_t microseconds(const Row& row, const std::string& column) {
  return number(row, column) * 1'000'000 + number(row, column + "_us");
}

bool is_console(const Row& row) { return text(row, "database") == "pgbouncer"; }

}  // namespace weir::watch

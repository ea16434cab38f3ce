#include "sql/custom_names.h"

#include <algorithm>

#include "sql/examiner.h"
#include "sql/identifier.h"

namespace weir::sql {

void custom_names(std::string_view text, std::vector<std::string>& out) { examine(text, &out); }

// Wider than what PostgreSQL 14 and later accept, since 13 accepts nearly anything with a dot.
bool looks_like_custom_name(std::string_view parameter_value) {
  if (parameter_value.size() < 3 || parameter_value.size() > kMaxCustomName) return false;
  if (parameter_value.front() == '.' || parameter_value.back() == '.') return false;
  const auto is_odd = [](char c) {
    return is_blank(c) || c == '\0' || c == '\'' || c == '"' || c == '\\' || c == '=';
  };
  return parameter_value.find('.') != std::string_view::npos &&
         std::ranges::none_of(parameter_value, is_odd);
}

}  // namespace weir::sql

// Between the text of an option and its typed value, in both directions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/options.h"

namespace weir::config {

struct Parsed {
  Value value;
  std::string warning;  // empty, or in what way the value is not what was written
};

// The error says what is expected, without repeating the text.
Result<Parsed> parse_value(const Option& option, std::string_view text);

// As SHOW CONFIG prints it; nothing for std::monostate.
std::string format_value(const Option& option, const Value& value);

// "a , b,,c" is three items.
std::vector<std::string> split_list(std::string_view text);

}  // namespace weir::config

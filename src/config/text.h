// Small questions about text that the readers of the files share; ASCII only, no locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

inline constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trim(std::string_view text);
bool equal_in_any_case(std::string_view a, std::string_view b);

// `; did you mean "x"?` for the candidate that is a slip of the pen away, else nothing.
std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& candidates);

}  // namespace weir::config

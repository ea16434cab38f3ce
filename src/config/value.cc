#include "config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "base/check.h"
#include "config/text.h"

namespace weir::config {

namespace {

bool is_override(const Option& option) {
  return option.section != Section::Main && option.section != Section::Weir;
}

std::string range_text(const Option& option) {
  return fmt::format("a number from {} to {} is needed", option.min, option.max);
}

std::int64_t unit_us(const Option& option) {
  return option.type == Type::WholeSeconds   ? 1'000'000
         : option.type == Type::Milliseconds ? 1'000
                                             : 1;
}

// A limit below zero means the same as zero everywhere, so old files that say -1 still load.
Result<Parsed> in_range(const Option& option, std::int64_t number, std::string warning) {
  if (number < 0 && option.min == 0) {
    warning = "is below zero: taken as 0";
    number = 0;
  }
  if (number < option.min || number > option.max) return fail(range_text(option));
  return Parsed{number * unit_us(option), std::move(warning)};
}

Result<Parsed> parse_integer(const Option& option, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const std::int64_t number = std::strtoll(text.c_str(), &end, 0);
  const bool whole = !text.empty() && end == text.c_str() + text.size();
  if (!whole && text.size() > 1 && text.starts_with('0')) {
    return fail("a number that begins with 0 is read as octal, with 0x as hexadecimal");
  }
  if (!whole && option.type == Type::Bool) return fail("write 1 for on and 0 for off");
  if (!whole && option.type == Type::Int) return fail("a whole number is needed");
  if (!whole) return fail("a whole number without a unit is needed");
  if (errno == ERANGE) return fail(range_text(option));
  if (option.type == Type::Bool) return Parsed{std::int64_t{number != 0}, {}};
  return in_range(option, number, {});
}

// PgBouncer reads overrides with atoi: what follows the digits is dropped, and for all of them
// but the port, a number below zero (for some also zero) means that there is no override.
Result<Parsed> parse_override_integer(const Option& option, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const std::int64_t number = std::strtoll(text.c_str(), &end, 10);
  if (end == text.c_str() || errno == ERANGE) return fail(range_text(option));
  std::string warning;
  if (*end != '\0') warning = fmt::format("is read as {}: only a whole number counts here", number);
  const bool unset = number < 0 || (number == 0 && option.zero_unsets);
  if (option.min == 0 && unset) return Parsed{Value{}, std::move(warning)};
  return in_range(option, number, std::move(warning));
}

Result<Parsed> parse_seconds(const Option& option, const std::string& text) {
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  const bool whole = !text.empty() && end == text.c_str() + text.size();
  if (!whole || !std::isfinite(seconds)) {
    return fail("seconds are needed, as in 10 or 2.5, without a unit");
  }
  if (seconds < 0) return fail("a time cannot be below zero; 0 turns most of them off");
  if (seconds > static_cast<double>(option.max)) {
    return fail(fmt::format("at most {} seconds are possible", option.max));
  }
  return Parsed{std::int64_t{std::llround(seconds * 1e6)}, {}};
}

Result<Parsed> parse_choice(const Option& option, std::string_view text) {
  const auto at = std::ranges::find_if(
      option.choices, [&](std::string_view choice) { return equal_in_any_case(choice, text); });
  if (at == option.choices.end()) {
    return fail(fmt::format("it is one of {}", fmt::join(option.choices, ", ")));
  }
  return Parsed{std::int64_t{at - option.choices.begin()}, {}};
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto item = trim(text.substr(0, comma)); !item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Result<Parsed> parse_value(const Option& option, std::string_view text) {
  switch (option.type) {
    case Type::Bool:
    case Type::Int:
    case Type::WholeSeconds:
    case Type::Milliseconds:
      return is_override(option) ? parse_override_integer(option, std::string(text))
                                 : parse_integer(option, std::string(text));
    case Type::Seconds: return parse_seconds(option, std::string(text));
    case Type::Text: return Parsed{std::string(text), {}};
    case Type::List: return Parsed{split_list(text), {}};
    case Type::Choice: return parse_choice(option, text);
  }
  ASSERT(false);
}

std::string format_value(const Option& option, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    return fmt::format("{}", fmt::join(*list, ","));
  }
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) return {};
  if (option.type == Type::Choice) {
    return std::string(option.choices[static_cast<std::size_t>(*number)]);
  }
  if (option.type == Type::Seconds) {
    return fmt::format("{:g}", static_cast<double>(*number) / 1e6);
  }
  return fmt::format("{}", *number / unit_us(option));
}

}  // namespace weir::config

#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace weir::config {

namespace {

// Longer words are not typing slips, and the distance costs the product of the lengths.
constexpr std::size_t kLongestWord = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Insertions, deletions and changes that turn a into b, letter case apart.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]) ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string did_you_mean(std::string_view written,
                         const std::vector<std::string_view>& candidates) {
  if (written.empty() || written.size() > kLongestWord) return {};
  std::size_t best = std::max<std::size_t>(3, written.size() / 3);
  std::string_view found;
  for (const auto candidate : candidates) {
    if (candidate.size() > written.size() + best || written.size() > candidate.size() + best) {
      continue;
    }
    const auto distance = edit_distance(written, candidate);
    if (distance >= best || 2 * distance > written.size()) continue;
    best = distance;
    found = candidate;
  }
  return found.empty() ? std::string{} : fmt::format("; did you mean \"{}\"?", found);
}

}  // namespace weir::config

#include "stats/applications.h"

#include <algorithm>

namespace weir::stats {

namespace {

// PostgreSQL's own limit; and like PostgreSQL's up to 15, only printable ASCII.
constexpr std::size_t kNameMax = 63;

std::string shown(std::string_view name) {
  std::string out(name.substr(0, kNameMax));
  std::ranges::replace_if(out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace

Application& Applications::of(std::string_view name, std::size_t most) {
  const std::string key = shown(name);
  if (const auto known = all_.find(key); known != all_.end()) return known->second;
  const std::size_t named = all_.size() - all_.count(kOther);
  return all_[named < most ? key : std::string(kOther)];
}

}  // namespace weir::stats

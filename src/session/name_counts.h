// Names that clients gave, each kept once for all who share it and as long as one does.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/check.h"

namespace weir::session {

using NameCounts = std::map<std::string, unsigned, std::less<>>;

// The reference is good until give_name() has been called as often as this.
inline const std::string& take_name(NameCounts& names, const std::string& name) {
  const auto at = names.try_emplace(name).first;
  ++at->second;
  return at->first;
}

inline void give_name(NameCounts& names, const std::string& name) {
  const auto at = names.find(name);
  ASSERT(at != names.end());
  if (--at->second == 0) names.erase(at);
}

}  // namespace weir::session

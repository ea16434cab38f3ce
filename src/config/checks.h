// What is wrong with a configuration whose every line is right: settings that contradict each
// other, that have no effect, or that Weir cannot do yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/draft.h"
#include "config/files.h"

namespace weir::config {

void check(Draft& draft, const Files& files);

// A setting of [pgbouncer] that this version cannot honour and that would be unsafe to ignore.
struct Refused {
  std::string_view key;
  std::string text;
};
std::vector<Refused> refused_settings(const Settings& settings);

}  // namespace weir::config

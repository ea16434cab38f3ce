// A name for a configuration's values, the same for the same values.
#pragma once

#include <string>

#include "config/config.h"

namespace weir::config {

// 16 hexadecimal digits. Secrets do not go into it, so that nobody can try them against it.
std::string fingerprint(const Config& config);

}  // namespace weir::config

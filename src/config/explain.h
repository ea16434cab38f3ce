// What a configuration means, in words, for `weir check`. Pure.
#pragma once

#include <string>

#include "config/config.h"

namespace weir::config {

// Lines that tell where it listens, who may log in, what each database leads to and how many
// connections a server may get; and hints on what is out of date or may be too much for a server.
std::string explain(const Config& config);

}  // namespace weir::config

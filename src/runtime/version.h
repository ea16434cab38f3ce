// What the program says that it is.
#pragma once

#include <string>
#include <string_view>

namespace weir::runtime {

// Also what SHOW VERSION answers, where tools look for a version of PgBouncer.
extern const std::string_view kVersion;

// kVersion, then a line for each library.
std::string version_text();

}  // namespace weir::runtime

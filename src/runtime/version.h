// What the program says that it is.
#pragma once

#include <string>
#include <string_view>

namespace weir::runtime {

// Also what SHOW VERSION answers, where tools look for a version of PgBouncer.
inline constexpr std::string_view kVersion = "PgBouncer 1.26.1 (Weir " WEIR_VERSION ")";

// kVersion, then a line for each library.
std::string version_text();

}  // namespace weir::runtime

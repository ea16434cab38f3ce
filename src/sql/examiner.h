// The exact reading of a text: token by token, statement by statement, as PostgreSQL would.
// Allocates only for the names it lists, and reads each byte at most once in every dialect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/effects.h"

namespace weir::sql {

// What a text may list: more or longer names set Effects::unknown_name instead.
inline constexpr std::size_t kMaxCustomNames = 32;
inline constexpr std::size_t kMaxCustomName = 255;

// The effects of `text`; appends its dotted setting names to `names` unless that is null.
Effects examine(std::string_view text, std::vector<std::string>* names);

}  // namespace weir::sql

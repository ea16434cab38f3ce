// What a statement's result looks like, as a number: results that PostgreSQL takes for the same
// (equal names, types and modifiers of the columns) have the same. Free of sessions.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace weir::session {

using Shape = std::uint64_t;

inline constexpr Shape kUnknownShape = 0;
inline constexpr Shape kNoRows = 1;
inline constexpr Shape kLargeShape = 2;  // too many columns to look at; all of those are alike

// Of a RowDescription's body.
Shape shape_of(Bytes row_description);

}  // namespace weir::session

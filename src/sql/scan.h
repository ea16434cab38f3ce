// The one question that every statement is asked: what may it do to its session?
// Decides ordinary texts in nanoseconds and without allocation; any thread.
#pragma once

#include <string_view>

#include "sql/effects.h"

namespace weir::sql {

// `text` is a simple Query, perhaps of many statements, or a Parse, without the terminating zero.
// What functions and procedures do inside is not seen, except set_config and its like themselves.
Effects scan(std::string_view text);

// Whether a statement with these effects makes state that cannot be moved to another server. A
// setting whose name is a parameter can: Bind tells the name.
bool pins(const Effects& effects, std::string_view text);

}  // namespace weir::sql

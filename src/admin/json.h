// A table of SHOW as JSON: a list with an object for each row, whose keys are the columns' names
// and whose numbers are numbers. Pure.
#pragma once

#include <string>

#include "wire/write.h"

namespace weir::admin {

// `table` is what a SHOW function has written.
std::string to_json(const wire::Buffer& table);

// With its quotes. What is no UTF-8 is shown as escape_broken_utf8() does.
void append_json_text(std::string& out, std::string_view text);

}  // namespace weir::admin

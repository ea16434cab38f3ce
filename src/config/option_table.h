// Where the rows of the option table come from; sorted by name.
#pragma once

#include <span>

#include "config/option_row.h"

namespace weir::config {

std::span<const Option> main_rows();
std::span<const Option> weir_rows();
std::span<const Option> database_rows();
std::span<const Option> user_rows();
std::span<const Option> peer_rows();

}  // namespace weir::config

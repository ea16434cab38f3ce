// Text in a grid of character cells, in the locale's encoding: how wide it is, and what of it fits.
// Pure but for the locale.
#pragma once

#include <string>
#include <string_view>

namespace weir::watch {

// What strangers named themselves, safe for a terminal: what cannot be printed becomes `?`.
std::string printable(std::string_view text);
// In cells; of printable text.
int cell_width(std::string_view text);
// As much of printable text as fits, its end marked with `~` where it was cut.
std::string cut(std::string_view text, int width);
// cut(), and filled with blanks to exactly `width`.
std::string left(std::string_view text, int width);
std::string right(std::string_view text, int width);

}  // namespace weir::watch

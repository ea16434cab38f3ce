// The first look at a text: most have nothing in them that examine() could find.
// Looks at bytes, not at tokens, so a word in a literal counts as the word itself.
#pragma once

#include <string_view>

namespace weir::sql {

// True means that examine() would find nothing; false, that it has to look.
bool is_plain(std::string_view text);

}  // namespace weir::sql

// Whether a text is UTF-8, and what to show of one that is not: names come from peers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// One character at the head of a text: its bytes, and its code or -1 where it is not UTF-8.
struct Utf8Character {
  std::size_t size = 1;
  std::int32_t code = -1;
};
// RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. The text is not empty.
Utf8Character first_utf8_character(std::string_view text);

// Each byte that is in no character as \xff; other texts stay different from each other.
std::string escape_broken_utf8(std::string_view text);

}  // namespace weir

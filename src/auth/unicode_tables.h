// What Unicode 3.2 and RFC 3454 say of single characters, for SASLprep. Written by
// tools/unicode_tables.py; constant, sorted by code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::auth::unicode {

struct Range {
  char32_t first;
  char32_t last;
};

std::span<const Range> spaces();         // C.1.2, mapped to a space
std::span<const Range> nothing();        // B.1, mapped to nothing
std::span<const Range> prohibited();     // C.1.2 to C.9
std::span<const Range> unassigned();     // A.1
std::span<const Range> right_to_left();  // D.1
std::span<const Range> left_to_right();  // D.2

// The canonical combining class of characters that have one.
struct Combining {
  char32_t first;
  char32_t last;
  std::uint8_t value;
};
std::span<const Combining> combining();

// One level of decomposition, canonical or compatible; without Hangul syllables, which are
// computed. A head is code | length << 21; the `length` values of all heads follow each other in
// targets(). A run has the two values {count, target} instead: kRunUp maps code + i to target + i,
// kRunFlat all of them to target.
constexpr std::uint32_t kRunUp = 0;
constexpr std::uint32_t kRunFlat = 31;
std::span<const std::uint32_t> heads();
std::span<const char32_t> targets();
// Where in targets() the values of every kAnchorStep-th head begin.
constexpr std::size_t kAnchorStep = 16;
std::span<const std::uint16_t> anchors();
// The heads that compose, by index, in the order of their two targets.
std::span<const std::uint16_t> pairs();

}  // namespace weir::auth::unicode

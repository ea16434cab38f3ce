// How PostgreSQL reads an identifier: its bytes, its case, its length, and the words that are none.
// Folding is ASCII only, as with every multi-byte server encoding.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::sql {

// NAMEDATALEN - 1.
inline constexpr std::size_t kMaxIdentifier = 63;

constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool starts_word(char c) {
  return (fold(c) >= 'a' && fold(c) <= 'z') || c == '_' || is_high(c);
}

inline constexpr auto kContinuesWord = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const char c = static_cast<char>(i);
    table[i] = starts_word(c) || is_digit(c) || c == '$';
  }
  return table;
}();
constexpr bool continues_word(char c) { return kContinuesWord[static_cast<unsigned char>(c)]; }

// Whether `text` is `lower` in any case.
constexpr bool equals_folded(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (fold(text[i]) != lower[i]) return false;
  }
  return true;
}

// The first 63 bytes, not cutting a UTF-8 character.
std::string_view clip_identifier(std::string_view name);

// The name that an unquoted word stands for.
std::string fold_identifier(std::string_view word);

// Whether an unquoted word, in any case, can't be the name of a statement, cursor or table
// (PostgreSQL's manual, appendix C: reserved, with or without function and type names).
bool is_reserved(std::string_view word);

}  // namespace weir::sql

// Sixteen bytes at a time, a few byte pairs and triples that all the words in question have and
// most texts do not ("t_" of set_config, "nto" of into) are compared at once; where one matches,
// the whole word is. A `;` counts when the word behind it may begin a statement of interest.
#include "sql/filter.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "sql/identifier.h"
#include "sql/words.h"

namespace weir::sql {
namespace {

using Block = std::uint8_t __attribute__((vector_size(16)));
using Halves = std::uint64_t __attribute__((vector_size(16)));

constexpr std::size_t kBlock = sizeof(Block);
constexpr std::size_t kReach = kBlock + 2;  // bytes that one look at a block reads

static_assert(std::endian::native == std::endian::little, "the lanes of a hit are counted so");

// Letters in lower case; `_` becomes 0x7F, and `;` and `&` stay.
constexpr std::uint8_t folded(char c) { return static_cast<std::uint8_t>(c | 0x20); }

Block load(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return block | 0x20;
}

// Lanes where a word of interest may be: the first byte of its pair or triple.
Halves suspects(const char* at) {
  const Block a = load(at);
  const Block b = load(at + 1);
  const Block c = load(at + 2);
  const auto t = a == folded('t');
  const auto underscore = (b == folded('_')) & (t | (a == folded('g')) | (a == folded('k')));
  const auto into = (a == folded('n')) & (b == folded('t')) & (c == folded('o'));
  const auto seed = t & (b == folded('s')) & (c == folded('e'));
  const auto sign = (a == folded(';')) | (b == folded('&'));
  return reinterpret_cast<Halves>(underscore | into | seed | sign);
}

bool has_at(std::string_view text, std::size_t at, std::string_view lower) {
  return at <= text.size() && equals_folded(text.substr(at, lower.size()), lower);
}

// The same for a word of which `back` bytes are before `at`.
bool has_around(std::string_view text, std::size_t at, std::size_t back, std::string_view lower) {
  return at >= back && has_at(text, at - back, lower);
}

bool ends_with_word(std::string_view text, std::string_view lower) {
  if (!has_around(text, text.size(), lower.size(), lower)) return false;
  text.remove_suffix(lower.size());
  return text.empty() || !continues_word(text.back());
}

// INTO, but not that of INSERT INTO and MERGE INTO.
bool is_select_into(std::string_view text, std::size_t n) {
  if (!has_around(text, n, 1, "into")) return false;
  std::size_t at = n - 1;
  if (at > 0 && starts_word(text[at - 1])) return false;  // a digit may end a number instead
  if (n + 3 < text.size() && continues_word(text[n + 3])) return false;
  while (at > 0 && is_blank(text[at - 1])) --at;
  return !ends_with_word(text.substr(0, at), "insert") &&
         !ends_with_word(text.substr(0, at), "merge");
}

// Behind blanks, parentheses and comments; npos where a comment needs a closer look. One to the end
// of the line always does behind a `;`: many of them in one line would take its square in time.
std::size_t find_start(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at < text.size()) {
    if (is_blank(text[at]) || text[at] == '(') {
      ++at;
    } else if (has_at(text, at, "--")) {
      if (from > 0) return text.npos;
      at = text.find_first_of("\r\n", at);
      if (at == std::string_view::npos) return text.size();
    } else if (has_at(text, at, "/*")) {
      const std::size_t end = text.find("*/", at + 2);
      if (end == std::string_view::npos) return end;
      const std::string_view inside = text.substr(at + 2, end - at - 1);  // with the `*`: see /*/*/
      if (inside.find("/*") != std::string_view::npos) return text.npos;
      at = end + 2;
    } else {
      return at;
    }
  }
  return text.size();
}

constexpr std::uint64_t pack(std::string_view word) {
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    packed |= std::uint64_t{folded(word[i])} << (8 * i);
  }
  return packed;
}

// Whether the eight bytes are one of the commonest first words and a blank.
bool is_common_start(const char* at) {
  constexpr std::uint64_t kSeven = 0x00FF'FFFF'FFFF'FFFF;
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  bytes |= 0x2020'2020'2020'2020;
  const std::uint64_t word = bytes & kSeven;
  return word == pack("select ") || word == pack("insert ") || word == pack("update ") ||
         word == pack("delete ") || (word & 0xFF'FFFF'FFFF) == pack("with ");
}

// BEGIN, COMMIT and their like, alone.
bool is_common_text(std::string_view text) {
  if (text.ends_with(';')) text.remove_suffix(1);
  if (text.size() > 8) return false;
  const std::uint64_t word = pack(text);
  return word == pack("begin") || word == pack("commit") || word == pack("rollback") ||
         word == pack("end");
}

// Whether the statement that begins at `at` can be of interest by its middle only.
bool starts_plain(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  if (at + 8 <= text.size() && is_common_start(text.data() + at)) return true;
  at = find_start(text, at);
  if (at == std::string_view::npos) return false;
  std::size_t end = at;
  while (end < text.size() && continues_word(text[end])) ++end;
  if (end == at || !starts_word(text[at])) return true;  // empty, or no statement
  const WordEntry* entry = find_word(text.substr(at, end - at));
  return entry != nullptr && entry->plain;
}

// Whether what suspects() saw at `at` is harmless.
bool is_plain_at(std::string_view text, std::size_t at) {
  if (text[at] == ';' && !starts_plain(text, at + 1)) return false;
  if (at + 1 >= text.size()) return true;
  const char second = fold(text[at + 1]);
  switch (fold(text[at])) {
    case 't':
      if (second == 's') return !has_around(text, at, 2, "setseed");
      return !has_around(text, at, 2, "set_config") && !has_around(text, at, 2, "set_limit");
    case 'g':
      return !has_around(text, at, 1, "pg_advisory_lock") &&
             !has_around(text, at, 1, "pg_try_advisory_lock") &&
             !has_around(text, at, 1, "pg_replication_origin_session_setup") &&
             !has_around(text, at, 1, "pg_settings");
    case 'k': return !has_around(text, at, 5, "dblink_connect");
    case 'n': return !is_select_into(text, at);
    case 'u': return !has_at(text, at, "u&\"");
    default: return true;
  }
}

bool are_plain(std::string_view text, std::size_t at, Halves hits) {
  for (int half = 0; half < 2; ++half) {
    std::uint64_t lanes = hits[half];
    while (lanes != 0) {
      const int lane = std::countr_zero(lanes) / 8;
      if (!is_plain_at(text, at + static_cast<std::size_t>(half * 8 + lane))) return false;
      lanes &= ~(std::uint64_t{0xFF} << (8 * lane));
    }
  }
  return true;
}

bool is_plain_short(std::string_view text) {
  char padded[2 * kBlock + kReach] = {};
  text.copy(padded, text.size());
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    if (!are_plain(text, at, suspects(padded + at))) return false;
  }
  return true;
}

}  // namespace

bool is_plain(std::string_view text) {
  if (text.size() <= 9 && is_common_text(text)) return true;
  if (!starts_plain(text, 0)) return false;
  if (text.size() < kReach) return is_plain_short(text);

  // The last look overlaps the one before. What begins in the text's last two bytes has no room for
  // a word, except for a statement of one letter.
  const std::size_t last = text.size() - kReach;
  for (std::size_t at = 0;; at = at + kBlock < last ? at + kBlock : last) {
    const Halves hits = suspects(text.data() + at);
    if ((hits[0] | hits[1]) != 0 && !are_plain(text, at, hits)) return false;
    if (at == last) break;
  }
  return text[text.size() - 2] != ';' || starts_plain(text, text.size() - 1);
}

}  // namespace weir::sql

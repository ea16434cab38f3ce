#include "auth/saslprep.h"

#include <algorithm>
#include <span>

#include "auth/digest.h"
#include "auth/unicode.h"
#include "auth/unicode_tables.h"

namespace weir::auth {

namespace {

bool in(std::span<const unicode::Range> ranges, char32_t code) {
  const auto at = std::lower_bound(ranges.begin(), ranges.end(), code,
                                   [](const auto& range, char32_t c) { return range.last < c; });
  return at != ranges.end() && at->first <= code;
}

void map(std::u32string& text) {
  // A zero width space is in both tables, and a space to PostgreSQL.
  for (char32_t& code : text)
    if (in(unicode::spaces(), code)) code = U' ';
  std::erase_if(text, [](char32_t code) { return in(unicode::nothing(), code); });
}

// Right-to-left text must not hold left-to-right letters, and begins and ends with its own.
bool directions_agree(std::u32string_view text) {
  const auto right = [](char32_t code) { return in(unicode::right_to_left(), code); };
  const auto left = [](char32_t code) { return in(unicode::left_to_right(), code); };
  if (std::none_of(text.begin(), text.end(), right)) return true;
  return std::none_of(text.begin(), text.end(), left) && right(text.front()) && right(text.back());
}

// Like PostgreSQL, and unlike the letter of the RFC, looks at the text before its normalization.
bool admissible(std::u32string_view text) {
  const auto bad = [](char32_t code) {
    return in(unicode::prohibited(), code) || in(unicode::unassigned(), code);
  };
  return !text.empty() && std::none_of(text.begin(), text.end(), bad) && directions_agree(text);
}

}  // namespace

std::string saslprep(std::string_view password) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(password.begin(), password.end(), ascii)) return std::string(password);
  auto text = decode_utf8(password);
  if (!text) return std::string(password);
  const WipeAtExit wipe_text(*text);
  map(*text);
  if (!admissible(*text)) return std::string(password);
  auto normalized = normalize_nfkc(*text);
  const WipeAtExit wipe_normalized(normalized);
  return encode_utf8(normalized);
}

}  // namespace weir::auth

// Normalization, in the three steps of Unicode's annex 15: decompose every character fully, bring
// combining marks into the order of their classes, compose what has a composed form again.
#include "auth/unicode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "auth/digest.h"
#include "auth/unicode_tables.h"
#include "base/check.h"

namespace weir::auth {

namespace {

// Hangul syllables are composed by arithmetic (Unicode, section 3.12).
constexpr char32_t kSyllables = 0xac00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11a7;
constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;
constexpr char32_t kSyllableCount = kLeadCount * kVowelCount * kTailCount;

struct Head {
  char32_t code;
  std::uint32_t length;

  explicit Head(std::uint32_t packed) : code(packed & 0x1fffff), length(packed >> 21) {}
  bool is_run() const { return length == unicode::kRunUp || length == unicode::kRunFlat; }
  std::size_t values() const { return is_run() ? 2 : length; }
};

std::uint8_t combining_class(char32_t code) {
  const auto table = unicode::combining();
  const auto at = std::lower_bound(table.begin(), table.end(), code,
                                   [](const auto& entry, char32_t c) { return entry.last < c; });
  return at != table.end() && at->first <= code ? at->value : 0;
}

void decompose_syllable(char32_t code, std::u32string& out) {
  const auto index = code - kSyllables;
  const auto tail = index % kTailCount;
  out += kLeads + index / (kVowelCount * kTailCount);
  out += kVowels + index % (kVowelCount * kTailCount) / kTailCount;
  if (tail != 0) out += kTails + tail;
}

Head head(std::size_t index) { return Head(unicode::heads()[index]); }

// The values of one head.
std::u32string_view values(std::size_t index) {
  auto at = std::size_t{unicode::anchors()[index / unicode::kAnchorStep]};
  for (auto i = index / unicode::kAnchorStep * unicode::kAnchorStep; i < index; ++i)
    at += head(i).values();
  const auto found = unicode::targets().subspan(at, head(index).values());
  return {found.data(), found.size()};
}

// One level of `code`'s decomposition: a view of the tables or of `single`; empty if there is none.
std::u32string_view decomposition(char32_t code, char32_t& single) {
  const auto heads = unicode::heads();
  const auto above =
      std::upper_bound(heads.begin(), heads.end(), code,
                       [](char32_t c, auto packed) { return c < Head(packed).code; });
  if (above == heads.begin()) return {};
  const auto index = static_cast<std::size_t>(above - heads.begin()) - 1;
  const auto entry = head(index);
  const auto targets = values(index);
  if (!entry.is_run()) return entry.code == code ? targets : std::u32string_view{};
  if (code - entry.code >= targets[0]) return {};
  single = targets[1] + (entry.length == unicode::kRunUp ? code - entry.code : 0);
  return {&single, 1};
}

void decompose(char32_t code, std::u32string& out) {
  if (code < 0x80) {
    out += code;
  } else if (code >= kSyllables && code < kSyllables + kSyllableCount) {
    decompose_syllable(code, out);
  } else {
    char32_t single = 0;
    const auto parts = decomposition(code, single);
    if (parts.empty()) out += code;
    // The data has no cycles; the deepest chain is four levels.
    for (const char32_t part : parts) decompose(part, out);
  }
}

// Sorts one row of marks by class; those of equal class keep their order.
void sort_marks(std::u32string::iterator begin, std::u32string::iterator end) {
  if (end - begin < 2) return;
  std::vector<std::uint64_t> keys;
  for (auto at = begin; at != end; ++at) {
    const auto place = static_cast<std::uint64_t>(at - begin);
    keys.push_back(std::uint64_t{combining_class(*at)} << 56 | place << 21 | *at);
  }
  std::sort(keys.begin(), keys.end());
  std::transform(keys.begin(), keys.end(), begin,
                 [](std::uint64_t key) { return static_cast<char32_t>(key & 0x1fffff); });
}

void order_marks(std::u32string& text) {
  const auto starts = [](char32_t code) { return combining_class(code) == 0; };
  auto begin = text.begin();
  while (begin != text.end()) {
    begin = std::find_if_not(begin, text.end(), starts);
    const auto end = std::find_if(begin, text.end(), starts);
    sort_marks(begin, end);
    begin = end;
  }
}

// The character that `first` and `second` compose to, or 0.
char32_t composed(char32_t first, char32_t second) {
  if (first >= kLeads && first < kLeads + kLeadCount && second >= kVowels &&
      second < kVowels + kVowelCount)
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  if (first >= kSyllables && first < kSyllables + kSyllableCount &&
      (first - kSyllables) % kTailCount == 0 && second > kTails && second < kTails + kTailCount)
    return first + (second - kTails);

  const char32_t wanted[] = {first, second};
  const std::u32string_view pair(wanted, 2);
  const auto pairs = unicode::pairs();
  const auto at = std::lower_bound(pairs.begin(), pairs.end(), pair,
                                   [](auto index, auto p) { return values(index) < p; });
  return at != pairs.end() && values(*at) == pair ? head(*at).code : 0;
}

std::u32string compose(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  std::size_t starter = std::u32string::npos;
  for (const char32_t code : text) {
    const auto mark = combining_class(code);
    if (starter != std::u32string::npos) {
      // A mark of the same or a higher class in between blocks the composition.
      const bool adjacent = starter + 1 == out.size();
      const bool blocked = !adjacent && combining_class(out.back()) >= mark;
      const auto composite = blocked ? 0 : composed(out[starter], code);
      if (composite != 0) {
        out[starter] = composite;
        continue;
      }
    }
    if (mark == 0) starter = out.size();
    out += code;
  }
  return out;
}

struct Utf8Form {
  std::uint8_t mask;  // of the bits that tell the form
  std::uint8_t lead;  // their value
  std::size_t size;
  char32_t first;  // the smallest code point that needs this form
};
constexpr std::array<Utf8Form, 4> kUtf8Forms = {
    {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}}};

}  // namespace

std::optional<std::u32string> decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto lead = static_cast<std::uint8_t>(text[0]);
    const auto form = std::find_if(kUtf8Forms.begin(), kUtf8Forms.end(),
                                   [&](const auto& f) { return (lead & f.mask) == f.lead; });
    if (form == kUtf8Forms.end() || text.size() < form->size) return std::nullopt;
    char32_t code = lead & static_cast<std::uint8_t>(~form->mask);
    for (std::size_t i = 1; i < form->size; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[i]);
      if ((byte & 0xc0) != 0x80) return std::nullopt;
      code = (code << 6) | (byte & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (code < form->first || surrogate || code > 0x10ffff) return std::nullopt;
    out += code;
    text.remove_prefix(form->size);
  }
  return out;
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  // Enough for every text, so that no copy of it stays behind in memory.
  out.reserve(text.size() * 4);
  for (const char32_t code : text) {
    ASSERT(code <= 0x10ffff);
    const auto above = std::find_if(kUtf8Forms.begin(), kUtf8Forms.end(),
                                    [&](const auto& f) { return f.first > code; });
    const auto& form = above == kUtf8Forms.begin() ? *above : *(above - 1);
    out += static_cast<char>(form.lead | (code >> (6 * (form.size - 1))));
    for (auto left = form.size - 1; left > 0; --left)
      out += static_cast<char>(0x80 | ((code >> (6 * (left - 1))) & 0x3f));
  }
  return out;
}

std::u32string normalize_nfkc(std::u32string_view text) {
  std::u32string decomposed;
  const WipeAtExit wipe_decomposed(decomposed);
  for (const char32_t code : text) decompose(code, decomposed);
  order_marks(decomposed);
  auto out = compose(decomposed);
  return out;
}

}  // namespace weir::auth

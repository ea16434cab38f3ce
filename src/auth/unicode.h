// The little of Unicode that SASLprep needs: UTF-8 and normalization form KC.
// Pure, over the tables of unicode_tables.h; characters newer than Unicode 3.2 stay as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {

// Nothing if the text is not well-formed UTF-8 (overlong forms and surrogates are not).
std::optional<std::u32string> decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view text);

std::u32string normalize_nfkc(std::u32string_view text);

}  // namespace weir::auth

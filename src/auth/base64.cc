#include "auth/base64.h"

#include <array>
#include <cstdint>

#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr auto kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return digits;
}();

// The digits of one group of four, most significant first; nothing if one is no digit.
std::optional<std::uint32_t> group_of(std::string_view digits) {
  std::uint32_t group = 0;
  for (const char c : digits) {
    const auto digit = kDigits[static_cast<unsigned char>(c)];
    if (digit == kNoDigit) return std::nullopt;
    group = (group << 6) | digit;
  }
  return group << (6 * (4 - digits.size()));
}

}  // namespace

std::string base64_encode(Bytes data) {
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < data.size(); at += 3) {
    const auto left = data.size() - at;
    std::uint32_t group = std::uint32_t{data[at]} << 16;
    if (left > 1) group |= std::uint32_t{data[at + 1]} << 8;
    if (left > 2) group |= data[at + 2];
    out += kAlphabet[group >> 18];
    out += kAlphabet[(group >> 12) & 63];
    out += left > 1 ? kAlphabet[(group >> 6) & 63] : '=';
    out += left > 2 ? kAlphabet[group & 63] : '=';
  }
  ASSERT(out.size() % 4 == 0);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);

  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const auto digits = text.substr(at, 4);
    const auto group = group_of(digits);
    if (!group) return std::nullopt;
    const auto bytes = digits.size() - 1;
    for (std::size_t i = 0; i < bytes; ++i)
      out += static_cast<char>((*group >> (16 - 8 * i)) & 255);
    const auto unused = *group & (0xffffffU >> (8 * bytes));
    if (unused != 0) return std::nullopt;
  }
  return out;
}

}  // namespace weir::auth

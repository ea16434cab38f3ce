#include "auth/ip_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace weir::auth {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A number of at most `digits` digits that takes the whole text.
std::optional<unsigned> parse_number(std::string_view text, int base, std::size_t digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.size() > digits) return std::nullopt;
  return value;
}

std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

bool parse_v4(std::string_view text, std::uint8_t* out) {
  if (std::ranges::count(text, '.') != 3) return false;
  for (int i = 0; i < 4; ++i) {
    const auto part = take_until(text, '.');
    const auto value = parse_number(part, 10, 3);
    // With a leading zero some programs read octal.
    if (!value || *value > 255 || (part.size() > 1 && part.front() == '0')) return false;
    out[i] = static_cast<std::uint8_t>(*value);
  }
  return true;
}

// Groups of one side of a `::`; the last one may be an IPv4 address. The number of bytes, or -1.
int parse_groups(std::string_view text, std::uint8_t* out) {
  if (text.empty()) return 0;
  int size = 0;
  bool more = true;
  while (more) {
    more = text.find(':') != std::string_view::npos;
    const auto part = take_until(text, ':');
    if (!more && part.find('.') != std::string_view::npos) {
      return size <= 12 && parse_v4(part, out + size) ? size + 4 : -1;
    }
    const auto value = parse_number(part, 16, 4);
    if (!value || size > 14) return -1;
    out[size++] = static_cast<std::uint8_t>(*value >> 8);
    out[size++] = static_cast<std::uint8_t>(*value);
  }
  return size;
}

bool parse_v6(std::string_view text, std::uint8_t* out) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return parse_groups(text, out) == 16;
  std::array<std::uint8_t, 16> tail{};
  const auto front = text.substr(0, gap);
  const int before = parse_groups(front, out);
  const int after = parse_groups(text.substr(gap + 2), tail.data());
  if (before < 0 || after < 0 || before + after > 14) return false;
  if (front.find('.') != std::string_view::npos) return false;
  std::copy_n(tail.data(), after, out + 16 - after);
  return true;
}

// As it is written: a mapped address stays IPv6.
std::optional<IpAddress> parse_written(std::string_view text) {
  IpAddress out;
  out.v6 = text.find(':') != std::string_view::npos;
  const bool ok = out.v6 ? parse_v6(text, out.bytes.data()) : parse_v4(text, out.bytes.data());
  return ok ? std::optional(out) : std::nullopt;
}

bool is_mapped(const IpAddress& address) {
  return address.v6 && std::ranges::equal(kMapped, std::span(address.bytes).first(kMapped.size()));
}

void unmap(std::array<std::uint8_t, 16>& bytes) {
  std::copy_n(bytes.data() + kMapped.size(), 4, bytes.data());
  std::fill(bytes.begin() + 4, bytes.end(), std::uint8_t{0});
}

IpRange make_range(IpAddress address, std::array<std::uint8_t, 16> mask) {
  const bool fixes_prefix = std::all_of(mask.begin(), mask.begin() + kMapped.size(),
                                        [](std::uint8_t byte) { return byte == 0xff; });
  if (is_mapped(address) && fixes_prefix) {
    address.v6 = false;
    unmap(address.bytes);
    unmap(mask);
  }
  return {.address = address, .mask = mask};
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  auto address = parse_written(text.substr(0, text.find('%')));
  if (address && is_mapped(*address)) {
    address->v6 = false;
    unmap(address->bytes);
  }
  return address;
}

bool IpRange::contains(const IpAddress& other) const {
  if (address.v6 != other.v6) return false;
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (((address.bytes[i] ^ other.bytes[i]) & mask[i]) != 0) return false;
  return true;
}

Result<IpRange> parse_ip_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_written(text.substr(0, slash));
  if (!address) return fail(fmt::format("{} is not an IP address", text.substr(0, slash)));
  if (slash == std::string_view::npos)
    return fail(fmt::format("{} needs a mask: for this address alone write {}/{}", text, text,
                            address->v6 ? 128 : 32));
  const unsigned most = address->v6 ? 128 : 32;
  const auto bits = parse_number(text.substr(slash + 1), 10, 3);
  if (!bits || *bits > most)
    return fail(fmt::format("in {} a number from 0 to {} is needed after the /", text, most));
  std::array<std::uint8_t, 16> mask{};
  for (unsigned bit = 0; bit < *bits; ++bit)
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80u >> bit % 8);
  return make_range(*address, mask);
}

Result<IpRange> parse_ip_range(std::string_view address, std::string_view mask) {
  const auto from = parse_written(address);
  if (!from) return fail(fmt::format("{} is not an IP address", address));
  const auto ones = parse_written(mask);
  if (!ones)
    return fail(fmt::format("{} is not an IP mask: write the range as {}/{} or the mask as {}",
                            mask, address, from->v6 ? 128 : 32,
                            from->v6 ? "ffff::" : "255.255.255.255"));
  if (from->v6 != ones->v6)
    return fail(fmt::format("the address {} and the mask {} are not of one kind", address, mask));
  return make_range(*from, ones->bytes);
}

}  // namespace weir::auth

// IPv4 and IPv6 addresses and ranges of them, read from text without asking anybody.
// Values. An IPv4 address that is mapped into IPv6 is the IPv4 address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace weir::auth {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // of IPv4 the first four; the others are zero
  bool operator==(const IpAddress&) const = default;
};

// `10.0.0.1`, `fe80::1`, `::ffff:10.0.0.1`; a scope (`fe80::1%eth0`) is no part of the address.
std::optional<IpAddress> parse_ip(std::string_view text);

// The addresses that are `address` where `mask` has ones. Of one family only: `::/0` has no IPv4.
struct IpRange {
  IpAddress address;
  std::array<std::uint8_t, 16> mask{};

  bool contains(const IpAddress& other) const;
};

// `10.0.0.0/8`.
Result<IpRange> parse_ip_range(std::string_view text);
// `10.0.0.0` and `255.0.0.0`.
Result<IpRange> parse_ip_range(std::string_view address, std::string_view mask);

}  // namespace weir::auth

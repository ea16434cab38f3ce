// The cryptographic primitives of the logins: SHA-256, HMAC, PBKDF2, comparison and wiping.
// Thin over OpenSSL's libcrypto, which keeps no state of ours; usable from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace weir::auth {

using Key = std::array<std::uint8_t, 32>;

Key sha256(Bytes data);
Key hmac_sha256(const Key& key, std::string_view data);
// RFC 5802's Hi(); iterations > 0. Costs about 0.7 us an iteration.
Key pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);
Key exclusive_or(const Key& a, const Key& b);

// The time depends on the lengths only, never on the contents.
bool equal_secrets(Bytes a, Bytes b);

void wipe(Key& key);
void wipe(std::string& text);
void wipe(std::u32string& text);

// Wipes what it refers to when the scope ends.
template <typename T>
class WipeAtExit {
 public:
  explicit WipeAtExit(T& secret) : secret_(secret) {}
  ~WipeAtExit() { wipe(secret_); }
  WipeAtExit(const WipeAtExit&) = delete;
  WipeAtExit& operator=(const WipeAtExit&) = delete;

 private:
  T& secret_;
};

}  // namespace weir::auth

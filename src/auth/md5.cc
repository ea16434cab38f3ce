#include "auth/md5.h"

#include <openssl/evp.h>

#include <array>

#include "auth/digest.h"
#include "base/check.h"

namespace weir::auth {

namespace {

constexpr std::size_t kPrefixSize = 3;
constexpr std::size_t kSecretSize = 35;

// "md5" and the hex digest of `data`.
Result<std::string> prefixed_md5(std::string_view data) {
  std::array<std::uint8_t, 16> digest;
  std::size_t length = digest.size();
  if (EVP_Q_digest(nullptr, "MD5", nullptr, data.data(), data.size(), digest.data(), &length) != 1)
    return fail("MD5 is not available in this OpenSSL");
  ASSERT(length == digest.size());
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "md5";
  for (const auto byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace

Result<std::string> md5_secret(std::string_view user, std::string_view password) {
  std::string data;
  data.reserve(password.size() + user.size());
  data.append(password).append(user);
  const WipeAtExit wipe_data(data);
  return prefixed_md5(data);
}

Result<std::string> md5_response(std::string_view secret, Bytes salt) {
  ASSERT(secret.size() == kSecretSize);
  ASSERT(salt.size() == 4);
  std::string data;
  data.reserve(secret.size() + salt.size());
  data.append(secret.substr(kPrefixSize)).append(as_text(salt));
  const WipeAtExit wipe_data(data);
  return prefixed_md5(data);
}

bool md5_matches(std::string_view secret, Bytes salt, std::string_view response) {
  const auto expected = md5_response(secret, salt);
  return expected && equal_secrets(as_bytes(*expected), as_bytes(response));
}

}  // namespace weir::auth

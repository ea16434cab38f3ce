#include "auth/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <limits>

#include "base/check.h"

namespace weir::auth {

namespace {

int int_size(std::string_view text) {
  ASSERT(text.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(text.size());
}

template <typename Text>
void wipe_text(Text& text) {
  // A former, longer value may stand behind the current end.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size() * sizeof(text[0]));
  text.clear();
}

}  // namespace

Key sha256(Bytes data) {
  Key out;
  ASSERT(SHA256(data.data(), data.size(), out.data()) != nullptr);
  return out;
}

Key hmac_sha256(const Key& key, std::string_view data) {
  Key out;
  unsigned length = 0;
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          as_bytes(data).data(), data.size(), out.data(), &length);
  ASSERT(done != nullptr && length == out.size());
  return out;
}

Key pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  ASSERT(iterations > 0 && iterations <= std::uint32_t{std::numeric_limits<int>::max()});
  Key out;
  const int done = PKCS5_PBKDF2_HMAC(password.data(), int_size(password), as_bytes(salt).data(),
                                     int_size(salt), static_cast<int>(iterations), EVP_sha256(),
                                     static_cast<int>(out.size()), out.data());
  ASSERT(done == 1);
  return out;
}

Key exclusive_or(const Key& a, const Key& b) {
  Key out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(a[i] ^ b[i]);
  return out;
}

bool equal_secrets(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(Key& key) { OPENSSL_cleanse(key.data(), key.size()); }

void wipe(std::string& text) { wipe_text(text); }

void wipe(std::u32string& text) { wipe_text(text); }

}  // namespace weir::auth

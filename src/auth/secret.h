// What is stored of a password: clear text, an MD5 hash or a SCRAM-SHA-256 verifier, as it stands
// in an auth_file or in pg_authid. Values without owner or thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/digest.h"

namespace weir::auth {

// What a login with SCRAM needs instead of the password, and what it leaves behind: a client that
// proved itself to us with the same secret the server stores lets us log in there in its name.
struct ScramKeys {
  Key client_key;
  Key server_key;
  bool operator==(const ScramKeys&) const = default;
};

struct ScramSecret {
  std::uint32_t iterations = 0;
  std::string salt;  // raw bytes
  Key stored_key{};
  Key server_key{};
  bool operator==(const ScramSecret&) const = default;
};

enum class SecretKind { None, Plain, Md5, Scram };

struct Secret {
  SecretKind kind = SecretKind::None;
  std::string text;  // as it was given
  // Of a Scram secret always. Of a Plain one when its owner derived it once to spare every login
  // the derivation (adhoc_scram_secret() in login.h).
  std::optional<ScramSecret> scram;
};

// "md5" and 32 hex digits, "SCRAM-SHA-256$iterations:salt$stored:server", else clear text, as
// PostgreSQL tells them apart; empty text is no secret.
Secret parse_secret(std::string_view text);
std::string format(const ScramSecret& secret);

// The password goes through SASLprep. iterations > 0.
ScramKeys derive_scram_keys(std::string_view password, std::string_view salt,
                            std::uint32_t iterations);
ScramSecret derive_scram_secret(std::string_view password, std::string_view salt,
                                std::uint32_t iterations);
ScramSecret to_secret(const ScramKeys& keys, std::string_view salt, std::uint32_t iterations);

void wipe(ScramKeys& keys);
void wipe(Secret& secret);

}  // namespace weir::auth

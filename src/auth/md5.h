// PostgreSQL's MD5 password method. The digest may be missing from a hardened OpenSSL (FIPS), so
// everything that needs it can fail.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::auth {

// What pg_authid stores: "md5" and the hex digest of password and user.
Result<std::string> md5_secret(std::string_view user, std::string_view password);
// What the PasswordMessage says for a stored secret and the 4 salt bytes of the request.
Result<std::string> md5_response(std::string_view secret, Bytes salt);
// Constant-time. False too where MD5 is not available.
bool md5_matches(std::string_view secret, Bytes salt, std::string_view response);

}  // namespace weir::auth

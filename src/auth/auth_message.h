// The Authentication messages ('R') that both logins speak, and how a login ends badly.
#pragma once

#include <cstdint>
#include <string>

namespace weir::auth {

// The codes that we send or answer; a server may send others, which fail the login.
enum class AuthCode : std::uint32_t {
  Ok = 0,
  ClearText = 3,
  Md5 = 5,
  Sasl = 10,
  SaslContinue = 11,
  SaslFinal = 12,
};

// The text is the one for the client's ErrorResponse.
struct LoginFailed {
  std::string text;
};

}  // namespace weir::auth

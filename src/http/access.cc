#include "http/access.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "auth/base64.h"
#include "auth/client_login.h"
#include "auth/digest.h"

namespace weir::http {

namespace {

// What stands behind the scheme's name, which may be in any case; empty for another scheme.
std::string_view behind(std::string_view scheme, std::string_view authorization) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  };
  if (!std::ranges::equal(authorization.substr(0, scheme.size()), scheme, same)) return {};
  authorization.remove_prefix(scheme.size());
  const auto first = authorization.find_first_not_of(' ');
  return first == 0 || first == authorization.npos ? "" : authorization.substr(first);
}

// Only who is named: auth_type any makes everybody an administrator of the console.
bool may_read_console(const config::Config& config, std::string_view user) {
  const auto& all = config.settings;
  return std::ranges::find(all.admin_users, user) != all.admin_users.end() ||
         std::ranges::find(all.stats_users, user) != all.stats_users.end();
}

// As a login with auth_type plain.
bool password_matches(const config::Config& config, const std::string& user,
                      std::string_view password) {
  const auth::Key no_key{};  // nor nonce nor salt: nothing is exchanged but the password
  auth::ClientLogin login({.type = auth::AuthType::Plain, .user = user,
                           .secret = config.auth_users.find(user), .scram_iterations = 1,
                           .server_random_key = no_key, .nonce = {}, .md5_salt = {}});
  (void)login.start();
  std::string message(password);
  const auth::WipeAtExit wiped(message);
  message += '\0';
  return std::holds_alternative<auth::ClientLoginOk>(login.on_password_message(as_bytes(message)));
}

}  // namespace

std::string_view Access::challenge() const {
  return config->weir.http_token.empty() ? "Basic realm=\"weir\", charset=\"UTF-8\"" : "Bearer";
}

bool Access::allows(std::string_view authorization) const {
  const std::string& token = config->weir.http_token;
  if (!token.empty()) {
    // Digests, so that not even the token's length can be measured.
    const auth::Key given = auth::sha256(as_bytes(behind("bearer", authorization)));
    return auth::equal_secrets(given, auth::sha256(as_bytes(token)));
  }
  auto pair = auth::base64_decode(behind("basic", authorization));
  if (!pair) return false;
  const auth::WipeAtExit wiped(*pair);
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return false;
  const std::string user = pair->substr(0, colon);
  return may_read_console(*config, user) &&
         password_matches(*config, user, std::string_view(*pair).substr(colon + 1));
}

}  // namespace weir::http

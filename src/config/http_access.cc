#include "config/http_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "auth/ip_address.h"

namespace weir::config {

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const auto address = auth::parse_ip(host);
  if (!address) return false;
  constexpr std::uint8_t kLoopbackNet = 127;
  if (!address->v6) return address->bytes[0] == kLoopbackNet;
  return *address == *auth::parse_ip("::1");
}

bool has_console_passwords(const Config& config) {
  const auto has_one = [&config](const std::string& user) {
    const auth::Secret* secret = config.auth_users.find(user);
    return secret != nullptr && secret->kind != auth::SecretKind::None;
  };
  return std::ranges::any_of(config.settings.admin_users, has_one) ||
         std::ranges::any_of(config.settings.stats_users, has_one);
}

void check_http(Draft& draft) {
  const WeirSettings& weir = draft.config.weir;
  if (draft.config.http_port() == 0) return;
  const auto open = std::ranges::find_if_not(weir.http_addr, is_loopback);
  if (open == weir.http_addr.end()) return;
  const Place at = draft.place(Section::Weir, "http_addr");
  if (weir.http_token.empty() && !has_console_passwords(draft.config)) {
    draft.problem(Severity::Error, at,
                  fmt::format("http_addr {} is open to other machines and nothing protects it: set "
                              "http_token, or give a user of stats_users a password in auth_file, "
                              "or listen on 127.0.0.1", *open));
  } else if (weir.http_tls_cert_file.empty()) {
    draft.problem(Severity::Warning, at,
                  fmt::format("http_addr {} is open to other machines and what they send to prove "
                              "who they are is not encrypted: set http_tls_cert_file and "
                              "http_tls_key_file", *open));
  }
}

}  // namespace weir::config

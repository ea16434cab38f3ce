#include "session/login_method.h"

#include <algorithm>

#include "session/client.h"
#include "session/replication.h"

namespace weir::session {

bool LoginMethod::needs_user() const {
  using auth::AuthType;
  return type != AuthType::Any && type != AuthType::Pam && type != AuthType::Ldap &&
         type != AuthType::Reject && type != AuthType::Hba;
}

LoginMethod login_method(const config::Config& config, const Peer& peer,
                         const wire::Startup& asked) {
  const auth::AuthType type = config.settings.auth_type;
  if (type != auth::AuthType::Hba) return {.type = type};
  const bool physical = read_replication(asked.replication) == Replicates::Physical;
  auth::HbaRequest request{.database = asked.database, .user = asked.user, .replication = physical,
                           .tls = peer.tls, .unix_socket = peer.unix_peer.has_value(),
                           .nearness = peer.nearness};
  if (!request.unix_socket) request.address = auth::parse_ip(peer.address);
  const auth::HbaRule* rule = config.hba.match(request);
  if (rule == nullptr) return {};
  return {.type = rule->method, .rule = rule};
}

bool may_be(const config::Config& config, const LoginMethod& method,
            const std::vector<std::string_view>& names, std::string_view user) {
  if (method.rule == nullptr || method.rule->map.empty())
    return std::ranges::find(names, user) != names.end();
  return std::ranges::any_of(names, [&](std::string_view name) {
    return config.ident.allows(method.rule->map, name, user);
  });
}

}  // namespace weir::session

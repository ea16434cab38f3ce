// How a client has to prove itself: what auth_type says, or the HBA line that fits it.
// Pure; a method's rule lives as long as the configuration that it was chosen by.
#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "wire/startup.h"

namespace weir::session {

struct Peer;

struct LoginMethod {
  auth::AuthType type = auth::AuthType::Hba;  // Hba: no line fits
  const auth::HbaRule* rule = nullptr;        // null where auth_type itself is the method

  // Whether the user must be one that the pooler knows.
  bool needs_user() const;
};

LoginMethod login_method(const config::Config& config, const Peer& peer,
                         const wire::Startup& asked);

// Whether somebody who has one of these names elsewhere may be `user` here: by the rule's map, or
// because the names are equal.
bool may_be(const config::Config& config, const LoginMethod& method,
            const std::vector<std::string_view>& names, std::string_view user);

}  // namespace weir::session

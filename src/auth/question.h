// What a helper thread is asked about a login because the answer may take long, and its answer.
// Values, which travel between threads. A client that has gone meanwhile gets no answer.
#pragma once

#include <cstdint>
#include <string>

#include "auth/ldap_options.h"
#include "base/id.h"

namespace weir::auth {

struct Question {
  enum class Kind : std::uint8_t {
    Pam,         // does `service` let in `user`, who calls from `address`, with `password`?
    Ldap,        // does the directory of `ldap`?
    SystemUser,  // who has the number `uid`?
  };

  Kind kind = Kind::Pam;
  ClientId client = {};
  std::string user = {}, password = {}, address = {}, service = {};
  LdapOptions ldap = {};
  std::uint32_t uid = 0;
};

struct Verdict {
  enum class Outcome : std::uint8_t {
    Yes,
    No,
    Busy,  // so many questions are open that this one was not taken
  };

  Outcome outcome = Outcome::No;
  ClientId client = {};
  std::string text = {};  // of Yes the system user; else the reason, for the log
};

}  // namespace weir::auth

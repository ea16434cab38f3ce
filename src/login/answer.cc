#include "login/answer.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/types.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace weir::login {

auth::Verdict answer(const auth::Question& question) {
  switch (question.kind) {
    case auth::Question::Kind::Pam: return ask_pam(question);
    case auth::Question::Kind::Ldap: return ask_ldap(question);
    case auth::Question::Kind::SystemUser: return ask_system_user(question);
  }
  return {};
}

auth::Verdict ask_system_user(const auth::Question& question) {
  std::vector<char> space(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwuid_r(question.uid, &entry, space.data(), space.size(), &found)) ==
         ERANGE)
    space.resize(space.size() * 2);
  if (found != nullptr)
    return {.outcome = auth::Verdict::Outcome::Yes, .text = entry.pw_name};
  return {.text = error != 0 ? fmt::format("could not look up the system user {}: {}",
                                           question.uid, std::strerror(error))
                             : fmt::format("no system user has the number {}", question.uid)};
}

}  // namespace weir::login

// The answers to the questions about logins. Blocking; called on a helper thread.
#pragma once

#include "auth/question.h"

namespace weir::login {

auth::Verdict answer(const auth::Question& question);

// The services stand in `folder`; null: where the system has them.
auth::Verdict ask_pam(const auth::Question& question, const char* folder = nullptr);
auth::Verdict ask_ldap(const auth::Question& question);
auth::Verdict ask_system_user(const auth::Question& question);

}  // namespace weir::login

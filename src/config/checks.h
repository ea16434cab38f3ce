// What is wrong with a configuration whose every line is right: settings that contradict each
// other, that have no effect, or that Weir cannot do yet.
#pragma once

#include "config/draft.h"
#include "config/files.h"

namespace weir::config {

void check(Draft& draft, const Files& files);

// The error's text when this version does not have the login method, else empty.
std::string auth_type_problem(auth::AuthType type);

}  // namespace weir::config

// The files and options by which logins are judged besides the user list: HBA rules, ident maps,
// how to ask LDAP.
#pragma once

#include "config/draft.h"
#include "config/files.h"

namespace weir::config {

// What auth_type does not use may be wrong: that is a Warning, and it counts as empty. A file that
// is not there while `running` (null at the start) has it is kept as it was.
void read_login_files(Draft& draft, const Files& files, const Config* running);

}  // namespace weir::config

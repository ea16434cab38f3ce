// Which user of the system a program runs as: PostgreSQL and poolers refuse to run as root.
// Plain values; usable from any thread, but become() changes the whole process.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace weir::runtime {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};

Account current_account();
Account account_of(uid_t uid);
// By name, or by number as PgBouncer's option -u takes it.
Result<Account> find_account(const std::string& name);
// To whom root hands the servers it starts: postgres, else nobody.
Result<Account> unprivileged_account();

// Gives up the present user for good; false (with errno) leaves the process in an unknown state.
bool become(const Account& account);

// Switches to `user`, if it is not empty; an error, in PgBouncer's words, where that fails or where
// the process would stay root.
Result<void> leave_root(const std::string& user);

}  // namespace weir::runtime

#include "cli/account.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace weir::cli {

namespace {

Account from_entry(const passwd& entry) { return {entry.pw_uid, entry.pw_gid, entry.pw_name}; }

}  // namespace

Account account_of(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  if (entry != nullptr) return from_entry(*entry);
  return {uid, getgid(), fmt::format("{}", uid)};
}

Account current_account() { return account_of(geteuid()); }

Result<Account> find_account(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr && !name.empty() &&
      name.find_first_not_of("0123456789") == std::string::npos) {
    entry = getpwuid(static_cast<uid_t>(std::strtoul(name.c_str(), nullptr, 10)));
  }
  if (entry == nullptr) return fail(fmt::format("there is no user {} on this system", name));
  return from_entry(*entry);
}

Result<Account> unprivileged_account() {
  auto account = find_account("postgres");
  return account ? account : find_account("nobody");
}

bool become(const Account& account) {
  if (geteuid() != 0) return geteuid() == account.uid;
  return initgroups(account.name.c_str(), account.gid) == 0 && setgid(account.gid) == 0 &&
         setuid(account.uid) == 0;
}

}  // namespace weir::cli

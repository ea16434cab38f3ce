#include "runtime/account.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace weir::runtime {

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
  if (geteuid() != 0) {
    errno = EPERM;
    return geteuid() == account.uid;
  }
  if (initgroups(account.name.c_str(), account.gid) != 0 || setgid(account.gid) != 0 ||
      setuid(account.uid) != 0)
    return false;
  // What is left of root would be worse than no switch at all.
  const bool whole = getuid() == account.uid && geteuid() == account.uid &&
                     getgid() == account.gid && getegid() == account.gid;
  if (whole && (account.uid == 0 || setuid(0) != 0)) return true;
  errno = EPERM;
  return false;
}

Result<void> leave_root(const std::string& user) {
  if (!user.empty()) {
    const auto account = find_account(user);
    if (!account) return fail(fmt::format("could not find user '{}' to switch to", user));
    if (!become(*account))
      return fail(fmt::format("failed to assume identity of user '{}': {}", user,
                              std::generic_category().message(errno)));
  }
  if (geteuid() != 0) return {};
  return fail("PgBouncer should not run as root: name another user with -u or the option user");
}

}  // namespace weir::runtime

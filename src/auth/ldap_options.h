// How to ask a directory whether a password is right: the ldap* options of an HBA line, which are
// those of auth_ldap_options. Values; login/ldap asks. Names and meanings are PostgreSQL's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::auth {

enum class LdapScope { Base, One, Subtree };

struct LdapOptions {
  std::string scheme = "ldap";
  std::string server = {};  // hosts, parted by blanks; none: those that DNS has for base_dn
  std::uint16_t port = 0;   // 0: the scheme's own
  bool tls = false;         // STARTTLS

  // To log in directly, as prefix + user + suffix ...
  std::string prefix = {}, suffix = {};
  // ... or as the one entry below base_dn that a search finds.
  std::string base_dn = {}, bind_dn = {}, bind_password = {};
  std::string search_attribute = {};  // uid, if there is no filter either
  std::string search_filter = {};     // with $username
  LdapScope scope = LdapScope::Subtree;

  bool searches() const { return !base_dn.empty(); }
  bool operator==(const LdapOptions&) const = default;
};

// One option, `name` being ldapserver, ldapurl and so on.
Result<void> set_ldap_option(LdapOptions& options, std::string_view name, std::string_view value);
// What is missing or contradicts itself once all are set.
Result<void> check_ldap_options(const LdapOptions& options);

// `ldapserver=a ldapprefix="cn="`: the value of auth_ldap_options.
Result<LdapOptions> parse_ldap_options(std::string_view text);
// The same text with stars in place of every ldapbindpasswd, for SHOW CONFIG.
std::string without_ldap_password(std::string_view text);

}  // namespace weir::auth

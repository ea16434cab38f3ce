#include "auth/ldap_options.h"

#include <doctest/doctest.h>

namespace weir::auth {

namespace {

LdapOptions parsed(std::string_view text) {
  const auto options = parse_ldap_options(text);
  REQUIRE_MESSAGE(options.has_value(), text, ": ", options.error().text);
  return *options;
}

std::string problem(std::string_view text) {
  const auto options = parse_ldap_options(text);
  return options ? "" : options.error().text;
}

}  // namespace

TEST_CASE("a simple bind") {
  const auto o = parsed(R"(ldapserver="a b:390" ldapport=1389 ldaptls=1 ldapprefix="cn=" )"
                        R"(ldapsuffix=", dc=example, dc=net")");
  CHECK(o == LdapOptions{.server = "a b:390", .port = 1389, .tls = true, .prefix = "cn=",
                         .suffix = ", dc=example, dc=net"});
  CHECK_FALSE(o.searches());
}

TEST_CASE("a search and a bind") {
  const auto o = parsed(R"(ldapserver=h ldapscheme=ldaps ldapbasedn="dc=x,dc=y" ldapbinddn="cn=m" )"
                        R"(ldapbindpasswd="p q" ldapsearchattribute=mail)");
  CHECK(o == LdapOptions{.scheme = "ldaps", .server = "h", .base_dn = "dc=x,dc=y",
                         .bind_dn = "cn=m", .bind_password = "p q", .search_attribute = "mail"});
  CHECK(o.searches());
  CHECK(parsed("ldapserver=h ldapbasedn=o=x ldapsearchfilter=(cn=$username)").search_filter ==
        "(cn=$username)");
}

TEST_CASE("a URL says the same") {
  CHECK(parsed(R"(ldapurl="ldap://127.0.0.1:12345/dc=example,dc=net?uid?sub")") ==
        LdapOptions{.server = "127.0.0.1", .port = 12345, .base_dn = "dc=example,dc=net",
                    .search_attribute = "uid"});
  CHECK(parsed(R"u(ldapurl="ldaps://[::1]:636/dc=a%20b??one?(cn=$username)")u") ==
        LdapOptions{.scheme = "ldaps", .server = "[::1]", .port = 636, .base_dn = "dc=a b",
                    .search_filter = "(cn=$username)", .scope = LdapScope::One});
  CHECK(parsed("ldapurl=ldap://[::1]/dc=x??base").server == "[::1]");
  CHECK(parsed("ldapurl=ldap://[::1]/dc=x??base").scope == LdapScope::Base);
  CHECK(parsed("ldapurl=ldap:///dc=x ldapserver=h").server == "h");
}

TEST_CASE("what is wrong is told without secrets") {
  CHECK(problem("") == "ldap needs ldapserver= or the host in ldapurl=");
  CHECK(problem("ldapserver=h").starts_with("ldap needs ldapprefix= or ldapsuffix="));
  CHECK(problem("ldapserver=h ldapprefix=a ldapbasedn=b").find("do not go together") !=
        std::string::npos);
  CHECK(problem("ldapserver=h ldapbasedn=b ldapsearchattribute=a ldapsearchfilter=f")
            .find("do not go together") != std::string::npos);
  CHECK(problem("ldapserver=h ldapprefix=a ldapport=0") ==
        "0 is not a port: write a number from 1 to 65535");
  CHECK(problem("ldapserver=h ldapprefix=a ldapport=70000").find("port") != std::string::npos);
  CHECK(problem("ldapurl=ldap://h:x/dc=a").find("x is not a port") != std::string::npos);
  CHECK(problem("ldapurl=http://h/dc=a") == "http is not a scheme: write ldap or ldaps");
  CHECK(problem("ldapurl=h").find("no scheme") != std::string::npos);
  CHECK(problem("ldapurl=ldap://h/dc=a??up") == "up is not a scope: write base, one or sub");
  CHECK(problem("ldapurl=ldap://h/dc=a????x").find("extensions") != std::string::npos);
  for (const auto* broken : {"%", "%4", "%zz", "%00"})
    CHECK(problem(std::string("ldapurl=ldap://h/dc=a") + broken).find("after %") !=
          std::string::npos);
  CHECK(problem("ldapserver=h ldapprefix=a ldaptls=yes") == "ldaptls is 1 or 0");
  CHECK(problem("ldapserver=h ldapprefix=a ldapscheme=ldaps ldaptls=1").find("ldaptls=1") == 0);
  CHECK(problem("ldapfoo=secret") == "ldapfoo is not an LDAP option");
  CHECK(problem("ldapbindpasswd=geheim,x").find("geheim") == std::string::npos);
  CHECK(problem("ldapbindpasswd=\"geheim").find("geheim") == std::string::npos);
}

TEST_CASE("what is shown has no password") {
  CHECK(without_ldap_password("ldapserver=h ldapprefix=a") == "ldapserver=h ldapprefix=a");
  CHECK(without_ldap_password(R"(ldapserver="a b" ldapbindpasswd="x y" ldapbasedn=d)") ==
        R"(ldapserver="a b" ldapbindpasswd=*** ldapbasedn="d")");
  CHECK(without_ldap_password("ldapbindpasswd=\"secret") == "***");
  CHECK(without_ldap_password("\"ldapbindpasswd\"=secret").find("secret") == std::string::npos);
}

}  // namespace weir::auth

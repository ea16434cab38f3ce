#include "config/login_files.h"

#include <doctest/doctest.h>

#include "config/load.h"
#include "config/test_load.h"

namespace weir::config {

namespace {

constexpr std::string_view kHba = "auth_type=hba\nauth_hba_file=hba\n";

// With the files `hba` and `ident` beside c.ini.
MemoryFiles login_files(std::string_view main, std::string hba, std::string ident = {}) {
  auto files = test_files("[pgbouncer]\nauth_file = u.txt\n" + std::string(main));
  files.texts["hba"] = std::move(hba);
  if (!ident.empty()) files.texts["ident"] = std::move(ident);
  return files;
}

std::string told_of(std::string_view main, std::string hba, std::string ident = {}) {
  return told(load("c.ini", login_files(main, std::move(hba), std::move(ident))));
}

}  // namespace

TEST_CASE("HBA rules and ident maps come from their files") {
  const auto loaded = load("c.ini", login_files(std::string(kHba) + "auth_ident_file=ident\n",
                                                "local all all peer map=m\n", "m root all\n"));
  CHECK(told(loaded) == "");
  REQUIRE(loaded.config);
  CHECK(loaded.config->hba.list().size() == 1);
  CHECK(loaded.config->ident.allows("m", "root", "bob"));
}

TEST_CASE("one bad line of either file refuses the configuration, with its place") {
  CHECK(told_of(kHba, "host all all all trust\nhost all all 1.2.3.4/99 reject\n") ==
        "hba:2: error: in 1.2.3.4/99 a number from 0 to 32 is needed after the /\n");
  CHECK(told_of(std::string(kHba) + "auth_ident_file=ident\n", "local all all peer\n", "m root\n")
            .starts_with("ident:1: error: three words are needed"));
  CHECK(told_of(kHba, "host\nhost all \"\n").starts_with("hba:1: error: "));
}

TEST_CASE("a map must be there") {
  CHECK(told_of(kHba, "\nlocal all all peer map=m\n") ==
        "hba:2: error: map m is not known: set auth_ident_file\n");
  CHECK(told_of(std::string(kHba) + "auth_ident_file=ident\n", "local all all peer map=m\n",
                "other root all\n") == "hba:1: error: map m is not in ident\n");
}

TEST_CASE("what auth_type does not use may be wrong") {
  const auto loaded = load("c.ini", login_files("auth_hba_file=hba\nauth_ldap_options=x\n",
                                                "nonsense\n"));
  CHECK(loaded.config);
  CHECK(told(loaded).starts_with("hba:1: warning: nonsense is not a connection type"));
  CHECK(told(loaded).find("c.ini:4: warning: auth_ldap_options: x is not of the form") !=
        std::string::npos);
}

TEST_CASE("lines that cannot let anybody in are told") {
  CHECK(told_of(kHba, "hostssl all all all md5\n") ==
        "hba:1: warning: this line fits nobody: client_tls_sslmode is disable\n");
  CHECK(told_of(kHba, "host all all all cert\n") ==
        "hba:1: warning: this line lets nobody in: cert needs hostssl and "
        "client_tls_sslmode verify-full\n");
  CHECK(told_of(kHba, "host all all all peer\n") ==
        "hba:1: warning: this line lets nobody in: peer works on local lines only\n");
}

TEST_CASE("a file that is missing lets nobody in, and a reload without it keeps the rules") {
  auto files = login_files(kHba, "host all all all trust\n");
  const auto running = load("c.ini", files).config;
  REQUIRE(running);
  files.texts.erase("hba");
  const auto next = reload(*running, "c.ini", files);
  CHECK(told(next) == "c.ini:4: warning: could not open auth_hba_file hba: No such file or "
                      "directory; put it there and RELOAD\n");
  CHECK(next.config->hba.list().size() == 1);
  CHECK(load("c.ini", files).config->hba.list().empty());
  files.texts["hba"] = "host all all all trst\n";
  CHECK_FALSE(reload(*running, "c.ini", files).config);
}

TEST_CASE("SET reads the files anew, or refuses") {
  auto files = login_files("auth_hba_file=hba\n", "host all all all trust\n");
  const auto running = load("c.ini", files).config;
  REQUIRE(running);
  const auto next = with_setting(*running, "auth_type", "hba", files);
  REQUIRE(next);
  CHECK((*next)->hba.list().size() == 1);
  files.texts["hba"] = "nonsense\n";
  const auto refused = with_setting(*running, "auth_type", "hba", files);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.starts_with("hba:1: error: nonsense is not a connection type"));
}

TEST_CASE("auth_ldap_options are those of an HBA line") {
  const auto loaded =
      load("c.ini", login_files("auth_type=ldap\n"
                                "auth_ldap_options=ldapserver=h ldapprefix=\"cn=\"\n", ""));
  CHECK(told(loaded) == "");
  REQUIRE(loaded.config->ldap);
  CHECK(loaded.config->ldap->prefix == "cn=");
}

}  // namespace weir::config

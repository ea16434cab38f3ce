#include "login/answer.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

// What libpam itself leaves behind is not ours to free.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpam.so"; }

namespace weir::login {

namespace {

using auth::Question;
using auth::Verdict;

// A folder of PAM services of its own.
struct Services {
  std::filesystem::path folder;

  Services() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-pam-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~Services() { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
  Verdict ask(const std::string& service, const std::string& password) const {
    return ask_pam({.kind = Question::Kind::Pam, .user = "somebody", .password = password,
                    .address = "10.0.0.1", .service = service}, folder.c_str());
  }
};

bool yes(const Verdict& verdict) { return verdict.outcome == Verdict::Outcome::Yes; }

}  // namespace

TEST_CASE("PAM says yes where authentication and account do") {
  const Services services;
  services.write("both", "auth required pam_permit.so\naccount required pam_permit.so\n");
  services.write("no-auth", "auth required pam_deny.so\naccount required pam_permit.so\n");
  services.write("no-account", "auth required pam_permit.so\naccount required pam_deny.so\n");
  CHECK(yes(services.ask("both", "x")));
  const Verdict no_auth = services.ask("no-auth", "x");
  CHECK_FALSE(yes(no_auth));
  CHECK(no_auth.text == "pam_authenticate() failed: Authentication failure");
  const Verdict no_account = services.ask("no-account", "x");
  CHECK_FALSE(yes(no_account));
  CHECK(no_account.text.starts_with("pam_acct_mgmt() failed: "));
  CHECK_FALSE(yes(services.ask("missing", "x")));
}

TEST_CASE("PAM's modules get the password, the user and where he calls from") {
  const Services services;
  const std::string script = services.write(
      "check", "#!/bin/sh\npassword=$(tr -d '\\0')\n"
               "[ \"$password/$PAM_USER/$PAM_RHOST\" = 'the secret/somebody/10.0.0.1' ]\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  services.write("exec", "auth required pam_exec.so expose_authtok quiet " + script +
                             "\naccount required pam_permit.so\n");
  CHECK(yes(services.ask("exec", "the secret")));
  const Verdict wrong = services.ask("exec", "another");
  CHECK_FALSE(yes(wrong));
  CHECK(wrong.text.find("another") == std::string::npos);
}

TEST_CASE("the system knows its users by number") {
  const auto root = ask_system_user({.kind = Question::Kind::SystemUser, .uid = 0});
  CHECK(yes(root));
  CHECK(root.text == "root");
  const auto none = ask_system_user({.kind = Question::Kind::SystemUser, .uid = 3999999999});
  CHECK_FALSE(yes(none));
  CHECK(none.text == "no system user has the number 3999999999");
}

TEST_CASE("an LDAP server that is not there is an error, and an empty password never goes out") {
  const Question unreachable{.kind = Question::Kind::Ldap, .user = "bob", .password = "x",
                             .ldap = {.server = "127.0.0.1", .port = 1, .prefix = "cn="}};
  const auto no_server = ask_ldap(unreachable);
  CHECK_FALSE(yes(no_server));
  CHECK(no_server.text ==
        "LDAP login failed for user cn=bob on server 127.0.0.1: Can't contact LDAP server");
  Question empty = unreachable;
  empty.password.clear();
  CHECK(ask_ldap(empty).text == "an empty password proves nothing to LDAP");
}

}  // namespace weir::login

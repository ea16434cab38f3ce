#include "auth/ident.h"

#include <doctest/doctest.h>

namespace weir::auth {

namespace {

std::string problem(std::string_view text) {
  FileProblems problems;
  (void)parse_ident(text, "pg_ident.conf", problems);
  if (problems.empty()) return {};
  return problems.front().file + ":" + std::to_string(problems.front().line) + ": " +
         problems.front().text;
}

}  // namespace

TEST_CASE("a map says whom a system user may be") {
  FileProblems problems;
  const auto maps = parse_ident(
      "# map system pg\n"
      "ops root postgres\n"
      "ops root all\n"
      "ops \"Bob B\" bob\n"
      "web www-data \"all\"\n", "f", problems);
  CHECK(problems.empty());
  CHECK(maps.has("ops"));
  CHECK_FALSE(maps.has("other"));
  CHECK(maps.allows("ops", "root", "postgres"));
  CHECK(maps.allows("ops", "root", "anybody"));
  CHECK(maps.allows("ops", "Bob B", "bob"));
  CHECK_FALSE(maps.allows("ops", "Bob B", "alice"));
  CHECK_FALSE(maps.allows("ops", "bob", "bob"));
  CHECK_FALSE(maps.allows("other", "root", "postgres"));
  CHECK(maps.allows("web", "www-data", "all"));
  CHECK_FALSE(maps.allows("web", "www-data", "bob"));
}

TEST_CASE("a line that cannot be used names its place and the cure") {
  CHECK(problem("a b c\n\nx y\n").starts_with("pg_ident.conf:3: three words are needed"));
  CHECK(problem("a b c d").starts_with("pg_ident.conf:1: three words"));
  CHECK(problem("a b c,d").starts_with("pg_ident.conf:1: three words"));
  CHECK(problem("a \"\" c") == "pg_ident.conf:1: a name is empty");
  CHECK(problem("a /^(.*)$ \\1").find("regular expressions") != std::string::npos);
  CHECK(problem("a b +admins").find("members of role admins") != std::string::npos);
  CHECK(problem("include a b").find("cannot be included") != std::string::npos);
  CHECK(problem("\"a b c").find("quote") != std::string::npos);
}

}  // namespace weir::auth

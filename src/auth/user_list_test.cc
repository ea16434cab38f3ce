#include "auth/user_list.h"

#include <doctest/doctest.h>

#include <random>

namespace weir::auth {

namespace {

using Problems = std::vector<UserListProblem>;

UserList parse(std::string_view text) {
  Problems problems;
  auto users = parse_user_list(text, problems);
  for (const auto& problem : problems) FAIL_CHECK(problem.line, ": ", problem.text);
  return users;
}

std::string secret_of(const UserList& users, std::string_view user) {
  const auto* secret = users.find(user);
  return secret == nullptr ? "(unknown)" : secret->text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

}  // namespace

TEST_CASE("a user list gives users their secrets") {
  const auto users = parse(
      "; a comment\n"
      "\n"
      "\"alice\" \"secret\"\n"
      "  \t\"bob\"\t\"md5c0ffee00c0ffee00c0ffee00c0ffee00\" the rest \"is\" ignored\r\n"
      "   \r\n"
      "  ; another \"comment\"\n"
      "\"c d\"\"e\" \"p\"\"w; #\"\n"
      "\"nobody\" \"\"\n"
      "\"glued\"\"\" \"x\"\n"
      "\"last\"\"one\"\"\" \"no end of line\"");
  CHECK(users.size() == 6);
  CHECK(secret_of(users, "alice") == "secret");
  CHECK(users.find("bob")->kind == SecretKind::Md5);
  CHECK(secret_of(users, "c d\"e") == "p\"w; #");
  CHECK(users.find("nobody")->kind == SecretKind::None);
  CHECK(secret_of(users, "glued\"") == "x");
  CHECK(secret_of(users, "last\"one\"") == "no end of line");
  CHECK(users.find("ALICE") == nullptr);
  CHECK(users.find("") == nullptr);
}

TEST_CASE("a user list may be empty or begin with a byte order mark") {
  CHECK(parse("").size() == 0);
  CHECK(parse("\n\n").size() == 0);
  CHECK(parse("\xef\xbb\xbf").size() == 0);
  CHECK(secret_of(parse("\xef\xbb\xbf\"a\" \"b\""), "a") == "b");
}

TEST_CASE("the last entry of a name counts") {
  const auto users = parse("\"a\" \"1\"\n\"a\" \"2\"\n");
  CHECK(users.size() == 1);
  CHECK(secret_of(users, "a") == "2");
}

TEST_CASE("every bad line is reported and hides no other user") {
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"alice secret", "the line does not begin with a user name in quotes"},
      {"# comment", "the line does not begin with a user name in quotes"},
      {"\"u", "the user name has no closing quote"},
      {"\"u\"\" \"\"p", "the user name has no closing quote"},
      {"\"u\"", "the secret is not in quotes"},
      {"\"u\" secret", "the secret is not in quotes"},
      {"\"u\" \"secret", "the secret has no closing quote"},
      {"\"u\" \"secret\"\"", "the secret has no closing quote"},
      {"\"\" \"secret\"", "the user name is empty"},
      {std::string_view("\"u\" \"a\0b\"", 9), "the line contains a zero byte"}};
  std::string text = "\"first\" \"1\"\n";
  for (const auto& [line, reason] : bad) text.append(line).append("\n\"good\" \"2\"\n");

  Problems problems;
  const auto users = parse_user_list(text, problems);
  CHECK(users.size() == 2);
  CHECK(users.find("first") != nullptr);
  CHECK(users.find("good") != nullptr);
  REQUIRE(problems.size() == std::size(bad));
  for (std::size_t i = 0; i < problems.size(); ++i) {
    CHECK(problems[i].line == 2 * i + 2);
    CHECK(problems[i].text == bad[i].second);
  }
}

TEST_CASE("names and secrets have their limits") {
  const auto line = [](std::size_t user, std::size_t secret) {
    return quoted(std::string(user, 'u')) + ' ' + quoted(std::string(secret, '"')) + '\n';
  };
  Problems problems;
  auto users = parse_user_list(line(127, 65535) + line(128, 1) + line(1, 65536), problems);
  CHECK(users.size() == 1);
  CHECK(secret_of(users, std::string(127, 'u')).size() == 65535);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].text == "username too long in auth file");
  CHECK(problems[0].line == 2);
  CHECK(problems[1].text == "password too long in auth file");
}

TEST_CASE("a problem never quotes a secret") {
  Problems problems;
  parse_user_list("\"u\" \"hunter2\nalice hunter2\n\"v\" hunter2", problems);
  REQUIRE(problems.size() == 3);
  for (const auto& problem : problems) CHECK(problem.text.find("hunter2") == std::string::npos);
}

TEST_CASE("any user and secret come back from their line") {
  std::mt19937 random(3);
  const auto text = [&](std::size_t least, std::size_t most) {
    constexpr std::string_view kPieces = "\"\" ab;#\t\\'\xc3\xa9";
    std::string out(least + random() % (most - least + 1), '\0');
    for (char& c : out) c = kPieces[random() % kPieces.size()];
    return out;
  };
  for (int round = 0; round < 2000; ++round) {
    const auto user = text(1, 12);
    const auto secret = text(0, 12);
    const auto users = parse(quoted(user) + " " + quoted(secret));
    REQUIRE(users.size() == 1);
    REQUIRE(secret_of(users, user) == secret);
  }
}

}  // namespace weir::auth

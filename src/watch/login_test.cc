#include "watch/login.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <map>

using namespace weir::watch;

namespace {

using Variables = std::map<std::string, std::string>;

// Sets what libpq reads, and takes it back.
class Environment {
 public:
  explicit Environment(Variables variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Variables variables_;
};

Variables parameters(const std::string& connection_string) {
  const auto parsed = console_parameters(connection_string);
  REQUIRE(parsed);
  return {parsed->begin(), parsed->end()};
}

}  // namespace

TEST_CASE("without a connection string it is the pooler on this machine") {
  const auto found = parameters("");
  CHECK(found.at("host") == "127.0.0.1");
  CHECK(found.at("port") == "6432");
  CHECK(found.at("dbname") == "pgbouncer");
  CHECK(found.at("application_name") == "weir top");
  CHECK_FALSE(found.contains("user"));
}

TEST_CASE("a connection string goes before everything, as URL or as words") {
  const auto url = parameters("postgres://ann:pw@db.example:7000/console?sslmode=require");
  CHECK(url.at("host") == "db.example");
  CHECK(url.at("port") == "7000");
  CHECK(url.at("dbname") == "console");
  CHECK(url.at("user") == "ann");
  CHECK(url.at("password") == "pw");
  CHECK(url.at("sslmode") == "require");
  const auto words = parameters("host=/run/pooler user=ann");
  CHECK(words.at("host") == "/run/pooler");
  CHECK(words.at("port") == "6432");
  CHECK_FALSE(parameters("hostaddr=::1").contains("host"));
}

TEST_CASE("libpq's variables are left to libpq, but for the database") {
  const Environment set{
      Variables{{"PGHOST", "elsewhere"}, {"PGPORT", "7000"}, {"PGDATABASE", "app"}}};
  const auto found = parameters("");
  CHECK_FALSE(found.contains("host"));
  CHECK_FALSE(found.contains("port"));
  CHECK(found.at("dbname") == "pgbouncer");
}

TEST_CASE("a service says where the pooler is") {
  const auto found = parameters("service=pooler");
  CHECK_FALSE(found.contains("host"));
  CHECK_FALSE(found.contains("port"));
  const Environment set{Variables{{"PGSERVICE", "pooler"}}};
  CHECK_FALSE(parameters("").contains("host"));
}

TEST_CASE("what is no connection string is told with what one looks like") {
  for (const char* wrong : {"somehost", "host=a colour=blue", "postgres://[broken"}) {
    const auto parsed = console_parameters(wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text.contains("postgres://USER@HOST:6432/pgbouncer"));
  }
}

TEST_CASE("what everybody knows is left out of a brief reason") {
  CHECK(brief("connection to server at \"a\" (::1), port 1 failed: FATAL:  not allowed") ==
        "FATAL:  not allowed");
  CHECK(brief("no answer in time") == "no answer in time");
}

TEST_CASE("refusals come with their cure, unknown ones as they are") {
  CHECK(explain_refusal("FATAL: not allowed").contains("stats_users"));
  CHECK(explain_refusal("fe_sendauth: no password supplied").contains(".pgpass"));
  CHECK(explain_refusal("Connection refused").contains("is the pooler running"));
  CHECK(explain_refusal("FATAL: no such database: x").contains("dbname=pgbouncer"));
  CHECK(explain_refusal("something else") == "something else");
  CHECK(not_a_console("syntax error").contains("(syntax error)"));
}

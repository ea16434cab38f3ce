#include "config/value.h"

#include <doctest/doctest.h>

using namespace weir::config;

namespace {

const Option& main_option(std::string_view name) { return *find_option(Section::Main, name); }
const Option& database_option(std::string_view name) {
  return *find_option(Section::Databases, name);
}

// -1: an error; -2: not set.
std::int64_t number(const Option& option, std::string_view text) {
  const auto parsed = parse_value(option, text);
  if (!parsed) return -1;
  const auto* value = std::get_if<std::int64_t>(&parsed->value);
  return value == nullptr ? -2 : *value;
}

std::string problem(const Option& option, std::string_view text) {
  const auto parsed = parse_value(option, text);
  return parsed ? parsed->warning : parsed.error().text;
}

}  // namespace

TEST_CASE("integers are decimal, hexadecimal or octal") {
  const auto& option = main_option("max_client_conn");
  CHECK(number(option, "100") == 100);
  CHECK(number(option, "0x20") == 32);
  CHECK(number(option, "0100") == 64);
  CHECK(number(option, "+5") == 5);
  CHECK(number(option, "2147483647") == 2147483647);
  for (const auto* bad :
       {"", "x", "5 ; c", "'5'", "08", "2147483648", "99999999999999999999", "1.5"}) {
    CAPTURE(bad);
    CHECK(number(option, bad) == -1);
  }
  CHECK(problem(option, "08").find("octal") != std::string::npos);
}

TEST_CASE("a limit below zero is zero, with a warning") {
  const auto& option = main_option("max_prepared_statements");
  CHECK(number(option, "-1") == 0);
  CHECK(problem(option, "-1") == "is below zero: taken as 0");
  CHECK(number(main_option("listen_port"), "-1") == -1);
}

TEST_CASE("numbers out of an option's range are errors that name the range") {
  CHECK(problem(main_option("listen_port"), "70000") == "a number from 1 to 65535 is needed");
  CHECK(number(main_option("peer_id"), "16384") == -1);
  CHECK(number(main_option("peer_id"), "16383") == 16383);
  CHECK(number(main_option("stats_period"), "0") == -1);
}

TEST_CASE("switches are integers") {
  const auto& option = main_option("log_stats");
  CHECK(number(option, "0") == 0);
  CHECK(number(option, "1") == 1);
  CHECK(number(option, "5") == 1);
  for (const auto* bad : {"on", "true", "yes", "off", ""}) {
    CAPTURE(bad);
    CHECK(number(option, bad) == -1);
  }
  CHECK(problem(option, "on") == "write 1 for on and 0 for off");
}

TEST_CASE("times of [pgbouncer] are decimal seconds without a unit") {
  const auto& option = main_option("query_timeout");
  CHECK(number(option, "10") == 10'000'000);
  CHECK(number(option, "2.5") == 2'500'000);
  CHECK(number(option, "0") == 0);
  CHECK(number(option, "1e2") == 100'000'000);
  CHECK(number(option, "0.0000014") == 1);
  for (const auto* bad : {"5s", "-5", "", "nan", "inf", "1e30", "5 s", "1min"}) {
    CAPTURE(bad);
    CHECK(number(option, bad) == -1);
  }
}

TEST_CASE("some times of [pgbouncer] are whole, or milliseconds") {
  CHECK(number(main_option("query_wait_notify"), "5") == 5'000'000);
  CHECK(number(main_option("query_wait_notify"), "2.5") == -1);
  CHECK(number(main_option("tcp_user_timeout"), "2500") == 2'500'000);
}

TEST_CASE("overrides take the digits in front") {
  CHECK(number(database_option("query_wait_timeout"), "2.7") == 2'000'000);
  CHECK(problem(database_option("query_wait_timeout"), "2.7") ==
        "is read as 2: only a whole number counts here");
  CHECK(number(database_option("pool_size"), "5 x") == 5);
  CHECK(number(database_option("pool_size"), "0x10") == 0);
  CHECK(number(database_option("pool_size"), "x") == -1);
  CHECK(number(database_option("pool_size"), "99999999999999999999") == -1);
}

TEST_CASE("an override below zero, and for some of zero, is none") {
  CHECK(number(database_option("pool_size"), "-1") == -2);
  CHECK(number(database_option("pool_size"), "0") == 0);
  CHECK(number(database_option("min_pool_size"), "0") == 0);
  CHECK(number(database_option("server_lifetime"), "0") == -2);
  CHECK(number(database_option("max_db_connections"), "0") == -2);
  CHECK(number(database_option("query_wait_timeout"), "0") == 0);
  CHECK(number(*find_option(Section::Users, "query_timeout"), "0") == -2);
  CHECK(number(*find_option(Section::Users, "query_wait_timeout"), "0") == 0);
  CHECK(number(database_option("port"), "0") == -1);
  CHECK(number(database_option("port"), "65536") == -1);
  CHECK(number(database_option("port"), "-1") == -1);
}

TEST_CASE("choices are found in any case") {
  const auto& option = main_option("pool_mode");
  CHECK(number(option, "session") == 0);
  CHECK(number(option, "TRANSACTION") == 1);
  CHECK(number(option, "Statement") == 2);
  CHECK(number(option, "foo") == -1);
  CHECK(number(option, "") == -1);
  CHECK(problem(option, "foo") == "it is one of session, transaction, statement");
  CHECK(number(main_option("auth_type"), "SCRAM-SHA-256") == 4);
  CHECK(number(main_option("server_tls_sslmode"), "verify-full") == 5);
  CHECK(number(main_option("server_tls_sslmode"), "on") == -1);
}

TEST_CASE("lists drop blanks and empty items") {
  CHECK(split_list("a , b,,c") == std::vector<std::string>{"a", "b", "c"});
  CHECK(split_list("").empty());
  CHECK(split_list(" , ,").empty());
  CHECK(split_list("one") == std::vector<std::string>{"one"});
}

#include "config/connection_string.h"

#include <doctest/doctest.h>

using namespace weir::config;
using Pairs = std::vector<Pair>;

TEST_CASE("pairs are key=value with blanks where one likes") {
  CHECK(*parse_connection_string("") == Pairs{});
  CHECK(*parse_connection_string("  ") == Pairs{});
  CHECK(*parse_connection_string("host=1.2.3.4 port=5") ==
        Pairs{{"host", "1.2.3.4"}, {"port", "5"}});
  CHECK(*parse_connection_string(" host = 1.2.3.4\t port= 5 ") ==
        Pairs{{"host", "1.2.3.4"}, {"port", "5"}});
}

TEST_CASE("single quotes hold blanks, and a quote is doubled inside") {
  CHECK(*parse_connection_string("dbname='a b' port=5") == Pairs{{"dbname", "a b"}, {"port", "5"}});
  CHECK(*parse_connection_string("dbname='it''s'") == Pairs{{"dbname", "it's"}});
  CHECK(*parse_connection_string("dbname=''''") == Pairs{{"dbname", "'"}});
  CHECK(*parse_connection_string("password='= x'") == Pairs{{"password", "= x"}});
}

TEST_CASE("other quotes and backslashes are ordinary") {
  CHECK(*parse_connection_string(R"(dbname=a\b)") == Pairs{{"dbname", R"(a\b)"}});
  CHECK(*parse_connection_string("dbname=a'b'c") == Pairs{{"dbname", "a'b'c"}});
  CHECK(*parse_connection_string(R"(dbname="a")") == Pairs{{"dbname", R"("a")"}});
}

TEST_CASE("no value is empty, so a missing one swallows the next pair") {
  CHECK(*parse_connection_string("host= port=5") == Pairs{{"host", "port=5"}});
}

TEST_CASE("what is no pair is an error that shows no value") {
  for (const auto* bad : {"host=", "password='' host=x", "dbname", "dbname='secret", "=5",
                          "host=1.1.1.1 ; no", "dbname='secret'port=5", R"(dbname='secret\'b')"}) {
    CAPTURE(bad);
    const auto pairs = parse_connection_string(bad);
    REQUIRE_FALSE(pairs);
    CHECK(pairs.error().text.starts_with("syntax error in connection string: "));
    CHECK(pairs.error().text.find("secret") == std::string::npos);
  }
}

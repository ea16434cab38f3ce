#include "config/text.h"

#include <doctest/doctest.h>

using namespace weir::config;

TEST_CASE("trim takes blanks off both ends") {
  CHECK(trim("  a b\t\r") == "a b");
  CHECK(trim(" \t").empty());
  CHECK(trim("").empty());
}

TEST_CASE("letters are equal in any case, other bytes are not folded") {
  CHECK(equal_in_any_case("Verify-Full", "vERIFY-fULL"));
  CHECK_FALSE(equal_in_any_case("a", "ab"));
  CHECK_FALSE(equal_in_any_case("[", "{"));
}

TEST_CASE("a slip of the pen finds the word that was meant") {
  const std::vector<std::string_view> words{"host", "port", "pool_size"};
  CHECK(did_you_mean("hots", words).find("\"host\"") != std::string::npos);
  CHECK(did_you_mean("Host", words).find("\"host\"") != std::string::npos);
  CHECK(did_you_mean("poolsize", words).find("\"pool_size\"") != std::string::npos);
  CHECK(did_you_mean("foo", words).empty());
  CHECK(did_you_mean("", words).empty());
  CHECK(did_you_mean(std::string(10'000, 'x'), words).empty());
}

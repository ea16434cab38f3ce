#include "stats/sqlstates.h"

#include <doctest/doctest.h>

#include <string>

namespace weir::stats {

namespace {

// The one row that a code is counted in.
std::string row_of(std::string_view code) {
  SqlStates states;
  states.count(code);
  std::string found;
  for (std::size_t i = 0; i < SqlStates::kRows; ++i)
    if (states.value(i) > 0) found += SqlStates::name(i);
  return found;
}

}  // namespace

TEST_CASE("a code that one meets has its own row") {
  for (const char* code : {"08006", "23505", "40001", "40P01", "42P01", "57014", "57P01", "XX000"})
    CHECK(row_of(code) == code);
}

TEST_CASE("others are counted by class") {
  CHECK(row_of("22030") == "22xxx");
  CHECK(row_of("42ZZZ") == "42xxx");
  CHECK(row_of("XX999") == "XXxxx");
}

TEST_CASE("what is no SQLSTATE of a known class is other") {
  for (const char* code : {"", "1", "99999", "zzzzz", "08006 ", "\x80\x80\x80\x80\x80"})
    CHECK(row_of(code) == "other");
}

TEST_CASE("the tables of two workers add up") {
  SqlStates a, b;
  a.count("23505");
  b.count("23505");
  b.count("99999");
  a += b;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < SqlStates::kRows; ++i) {
    sum += a.value(i);
    if (SqlStates::name(i) == "23505") CHECK(a.value(i) == 2);
  }
  CHECK(sum == 3);
}

}  // namespace weir::stats

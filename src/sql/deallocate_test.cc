#include "sql/deallocate.h"

#include <doctest/doctest.h>

using namespace weir::sql;

namespace {

std::string name_of(std::string_view text) {
  const auto found = parse_deallocate(text);
  if (!found) return "(none)";
  return found->all ? "(all)" : found->name;
}

}  // namespace

TEST_CASE("one DEALLOCATE in all its shapes") {
  CHECK(name_of("DEALLOCATE a") == "a");
  CHECK(name_of("deallocate prepare Abc;") == "abc");
  CHECK(name_of("  DEALLOCATE /* x */ PREPARE -- y\n \"Abc\" ; ") == "Abc");
  CHECK(name_of("DEALLOCATE \"a\"\"b\"\"\"") == "a\"b\"");
  CHECK(name_of("DEALLOCATE ALL") == "(all)");
  CHECK(name_of("DEALLOCATE PREPARE all") == "(all)");
  CHECK(name_of("DEALLOCATE \"all\"") == "all");
  CHECK(name_of("DEALLOCATE prepare") == "prepare");
  CHECK(name_of("DEALLOCATE prepare;") == "prepare");
  CHECK(name_of("DEALLOCATE PREPARE prepare") == "prepare");
  CHECK(name_of("DEALLOCATE É") == "É");
  CHECK(name_of("DEALLOCATE pdo_stmt_00000001") == "pdo_stmt_00000001");
  CHECK(name_of("DEALLOCATE a$1") == "a$1");
  CHECK(name_of(";DEALLOCATE a;;") == "a");
  CHECK(name_of("DEALLOCATE values") == "values");
}

TEST_CASE("anything else is none") {
  for (const auto* text : {"",
                           "DEALLOCATE",
                           "DEALLOCATE a b",
                           "DEALLOCATE a; DEALLOCATE b",
                           "DEALLOCATE a; SELECT 1",
                           "SELECT 1; DEALLOCATE a",
                           "DEALLOCATE 'a'",
                           "DEALLOCATE 1",
                           "DEALLOCATE a.b",
                           "DEALLOCATE $1",
                           "DEALLOCATE select",
                           "DEALLOCATE Left",
                           "DEALLOCATE \"\"",
                           "DEALLOCATE \"a",
                           "DEALLOCATE a /*",
                           "DEALLOCATE U&\"a\"",
                           "DEALLOCATE PREPARE a b",
                           "DEALLOCATEa",
                           "'DEALLOCATE a'",
                           "DEALLOCATE ALL a",
                           "(DEALLOCATE a)",
                           "PREPARE a"}) {
    CAPTURE(text);
    CHECK(name_of(text) == "(none)");
  }
}

TEST_CASE("names are cut at 63 bytes, and between characters") {
  CHECK(name_of("DEALLOCATE " + std::string(63, 'a')) == std::string(63, 'a'));
  CHECK(name_of("DEALLOCATE " + std::string(64, 'a')) == std::string(63, 'a'));
  CHECK(name_of("DEALLOCATE " + std::string(62, 'a') + "é") == std::string(62, 'a'));
  CHECK(name_of("DEALLOCATE \"" + std::string(61, 'A') + "éx\"") == std::string(61, 'A') + "é");
}

#include "sql/resets.h"

#include <doctest/doctest.h>

using namespace weir::sql;

TEST_CASE("statements that take a setting to its default") {
  CHECK(parse_reset("RESET work_mem") == Reset{.name = "work_mem"});
  CHECK(parse_reset(" ; reset \"Work_Mem\" ; -- so") == Reset{.name = "work_mem"});
  CHECK(parse_reset("RESET app.tenant;") == Reset{.name = "app.tenant"});
  CHECK(parse_reset("RESET ALL") == Reset{.all = true, .name = {}});
  CHECK(parse_reset("RESET TIME ZONE") == Reset{.name = "timezone"});
  CHECK(parse_reset("RESET SESSION AUTHORIZATION") == Reset{.name = "session_authorization"});
  CHECK(parse_reset("SET work_mem TO DEFAULT") == Reset{.name = "work_mem"});
  CHECK(parse_reset("SET SESSION work_mem = default") == Reset{.name = "work_mem"});
  CHECK(parse_reset("SET LOCAL work_mem TO DEFAULT") == Reset{.local = true, .name = "work_mem"});
  CHECK(parse_reset("SET LOCAL TIME ZONE LOCAL") == Reset{.local = true, .name = "timezone"});
  CHECK(parse_reset("SET SESSION AUTHORIZATION DEFAULT") == Reset{.name = "session_authorization"});
}

TEST_CASE("everything else is none") {
  for (const char* text :
       {"", ";", "RESET", "RESET work_mem; SELECT 1", "RESET a b", "RESET a.",
        "SET work_mem TO '1MB'", "SET work_mem", "SET LOCAL", "SET TIME ZONE 'UTC'", "SELECT 1",
        "RESET 'x'", "RESET x /*",
        "SET x TO DEFAULT, 'y'", "SET SESSION AUTHORIZATION bob", "SET default TO 1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_reset(text));
  }
}

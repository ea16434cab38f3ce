#include "sql/custom_names.h"

#include <doctest/doctest.h>

#include "sql/examiner.h"
#include "sql/scan.h"

using namespace weir::sql;

namespace {

using Names = std::vector<std::string>;

Names names(std::string_view text) {
  Names out;
  custom_names(text, out);
  return out;
}

}  // namespace

TEST_CASE("names in SET, RESET and set_config") {
  CHECK(names("SET app.user_id = 1") == Names{"app.user_id"});
  CHECK(names("SET SESSION App.User_ID TO 1") == Names{"app.user_id"});
  CHECK(names("reset a . b") == Names{"a.b"});
  CHECK(names("SET a.b.c = 1") == Names{"a.b.c"});
  CHECK(names("SET \"App\".\"x\" = 1") == Names{"app.x"});
  CHECK(names("SET \"a.b\" = 1") == Names{"a.b"});
  CHECK(names("SELECT set_config('App.x', $1, false)") == Names{"app.x"});
  CHECK(names("SELECT set_config($$a.b$$, 'c.d', $2)") == Names{"a.b"});
  CHECK(names("SELECT set_config('a', set_config('b.c', 'x', false), false)") == Names{"b.c"});
  CHECK(names("DO $$ BEGIN SET a.b = 1; PERFORM set_config('c.d', '', false); END $$") ==
        Names{"a.b", "c.d"});
}

TEST_CASE("names that stay local, plain or quoted away are not listed") {
  CHECK(names("SET LOCAL a.b = 1").empty());
  CHECK(names("SELECT set_config('a.b', 'x', true)").empty());
  CHECK(names("SET search_path = a.b").empty());
  CHECK(names("SELECT set_config('search_path', 'a.b', false)").empty());
  CHECK(names("SELECT 'SET a.b = 1', a.b FROM a").empty());
  CHECK(names("UPDATE t SET a.b = 1").empty());
  CHECK(names("SELECT current_setting('a.b')").empty());
}

TEST_CASE("each name once, in the order of the text, behind what was there") {
  Names out{"x.y"};
  custom_names("SET a.b = 1; SET c.d = 1; SET A.B = 2; SET x.y = 3", out);
  CHECK(out == Names{"x.y", "a.b", "c.d"});
}

TEST_CASE("parts are cut as identifiers are, literals are not") {
  const std::string longer(70, 'a');
  CHECK(names("SET " + longer + ".b = 1") == Names{std::string(63, 'a') + ".b"});
  CHECK(names("SELECT set_config('" + longer + ".b', '', false)") == Names{longer + ".b"});
}

TEST_CASE("number and length of the names are bounded, and scan tells") {
  std::string many;
  for (std::size_t i = 0; i <= kMaxCustomNames; ++i) {
    CHECK_FALSE(scan(many).unknown_name);
    many += "SET a.b" + std::to_string(i) + " = 1;";
  }
  CHECK(names(many).size() == kMaxCustomNames);
  CHECK(scan(many).unknown_name);

  const auto set_config = [](std::size_t length) {
    return "SELECT set_config('a." + std::string(length - 2, 'b') + "', '', false)";
  };
  CHECK(names(set_config(kMaxCustomName)).size() == 1);
  CHECK_FALSE(scan(set_config(kMaxCustomName)).unknown_name);
  CHECK(names(set_config(kMaxCustomName + 1)).empty());
  CHECK(scan(set_config(kMaxCustomName + 1)).unknown_name);
}

TEST_CASE("both readings of an ambiguous text give their names") {
  CHECK(names("SELECT '\\'; SET a.b = 1; --'") == Names{"a.b"});
  CHECK(names("SELECT '\\'; SET a.b = 1; --'; SET c.d = 1") == Names{"a.b", "c.d"});
}

TEST_CASE("parameters that may be names") {
  for (const auto* name : {"app.user_id", "a.b", "A.b.c", "_x.y$1", "é.x", "1.2"}) {
    CAPTURE(name);
    CHECK(looks_like_custom_name(name));
  }
  for (const auto* other : {"", "a", ".", "a.", ".b", "search_path", "a b.c", "a.b'", "a.\"b\"",
                            "Hello. World", "a.b\n", "a.b=c"}) {
    CAPTURE(other);
    CHECK_FALSE(looks_like_custom_name(other));
  }
  CHECK_FALSE(looks_like_custom_name("a." + std::string(kMaxCustomName, 'b')));
  CHECK_FALSE(looks_like_custom_name(std::string_view("a.b\0", 4)));
}

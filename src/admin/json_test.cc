#include "admin/json.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "admin/table.h"
#include "admin/test_view.h"

namespace weir::admin {

TEST_CASE("a table is a list of objects whose numbers are numbers") {
  wire::Buffer bytes;
  {
    const std::array columns{Column{"name"}, Column{"size", ColumnType::Int4},
                             Column{"sum", ColumnType::Numeric}};
    Table table(bytes, columns);
    table.row().text("a").number(-7).number(std::uint64_t{18446744073709551615U});
    table.row().null().null().number(0);
  }
  CHECK(to_json(bytes) ==
        "[\n{\"name\":\"a\",\"size\":-7,\"sum\":18446744073709551615},\n"
        "{\"name\":null,\"size\":null,\"sum\":0}\n]\n");
}

TEST_CASE("a table without rows is an empty list") {
  wire::Buffer bytes;
  const std::array columns{Column{"name"}};
  const Table table(bytes, columns);
  CHECK(to_json(bytes) == "[\n]\n");
}

TEST_CASE("texts cannot leave their place") {
  std::string out;
  append_json_text(out, std::string_view("\"\\\n\t\x01\0\x7f\xc3\xa9\xff", 10));
  CHECK(out == "\"\\\"\\\\\\n\\t\\u0001\\u0000\x7f\xc3\xa9\\\\xff\"");
}

TEST_CASE("every table of SHOW can be had, and nothing else") {
  TestPooler pooler;
  pooler.add_database("app");
  for (const std::string_view name : json_names()) {
    CAPTURE(name);
    CHECK(render_json(name, pooler.view()).starts_with("[\n"));
  }
  CHECK(std::ranges::is_sorted(json_names()));
  for (const char* other : {"", "help", "fds", "timezone", "POOLS", "nosuch"})
    CHECK_MESSAGE(render_json(other, pooler.view()).empty(), other);
  CHECK(render_json("version", pooler.view()) ==
        "[\n{\"version\":\"PgBouncer 1.26.1 (Weir 0.1.0)\"}\n]\n");
}

}  // namespace weir::admin

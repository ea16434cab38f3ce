#include "session/shape.h"

#include <doctest/doctest.h>

#include <string_view>

#include "wire/write.h"

using namespace weir;
using namespace weir::session;

namespace {

struct Column {
  std::string_view name;
  std::uint32_t type = 23;
  std::uint32_t modifier = 0xffffffff;
  std::uint32_t table = 16384;
};

Shape shape(std::initializer_list<Column> columns) {
  wire::Buffer message;
  wire::Writer w(message, 'T');
  w.u16(static_cast<std::uint16_t>(columns.size()));
  for (const Column& c : columns)
    w.cstr(c.name).u32(c.table).u16(1).u32(c.type).u16(4).u32(c.modifier).u16(0);
  w.finish();
  return shape_of(Bytes(message).subspan(5));
}

}  // namespace

TEST_CASE("a shape is told by names, types and modifiers of its columns") {
  const Shape one = shape({{.name = "a"}});
  CHECK(one == shape({{.name = "a", .table = 99}}));
  CHECK(one != shape({{.name = "b"}}));
  CHECK(one != shape({{.name = "a", .type = 25}}));
  CHECK(one != shape({{.name = "a", .modifier = 8}}));
  CHECK(one != shape({{.name = "a"}, {.name = "b"}}));
  CHECK(shape({{.name = "ab"}, {.name = "c"}}) != shape({{.name = "a"}, {.name = "bc"}}));
}

TEST_CASE("no shape is one of the special ones, not even of a broken description") {
  for (const Shape special : {kUnknownShape, kNoRows, kLargeShape}) {
    CHECK(shape({}) != special);
    CHECK(shape_of({}) != special);
    const std::uint8_t cut[] = {0, 9, 'a', 0, 1};
    CHECK(shape_of(cut) != special);
  }
}

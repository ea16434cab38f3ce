#include "wire/write.h"

#include <doctest/doctest.h>

#include "wire/message.h"

using namespace weir;

TEST_CASE("a message's length counts itself and not its type") {
  wire::Buffer out;
  wire::Writer(out, 'Q').cstr("select");
  CHECK(out.size() == 12);
  CHECK(out[0] == 'Q');
  CHECK(load_u32(out.data() + 1) == 11);
}

TEST_CASE("an error's fields can be read back") {
  wire::Buffer out;
  wire::append_error(out, {.severity = "FATAL", .sqlstate = "57014", .message = "too slow",
                           .hint = "be quick"});
  const Bytes body = Bytes(out).subspan(5);
  CHECK(wire::report_field(body, 'S') == "FATAL");
  CHECK(wire::report_field(body, 'V') == "FATAL");
  CHECK(wire::report_field(body, 'C') == "57014");
  CHECK(wire::report_field(body, 'M') == "too slow");
  CHECK(wire::report_field(body, 'H') == "be quick");
  CHECK(wire::report_field(body, 'D').empty());
  for (std::size_t n = 0; n < body.size(); ++n)  // cut anywhere, nothing is read beyond
    (void)wire::report_field(body.first(n), 'H');
}

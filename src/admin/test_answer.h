// What a client of the console sees in an answer's bytes, for the tests of this folder.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "wire/message.h"
#include "wire/write.h"

namespace weir::admin {

struct Answer {
  std::string columns;              // `name:oid`, separated by blanks
  std::vector<std::string> rows;    // values separated by |, NULL as NULL
  std::string tag;
  std::string error, sqlstate;
  std::string notice, detail;
  std::string order;                // the types of all messages
};

inline std::string described(Reader in) {
  std::string columns;
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    const std::string_view name = in.cstr();
    CHECK(in.u32() == 0);
    CHECK(in.u16() == 0);
    const std::uint32_t oid = in.u32();
    const std::uint16_t size = oid == 23 ? 4 : oid == 20 ? 8 : 0xffff;
    CHECK(in.u16() == size);
    CHECK(in.u32() == 0xffffffff);
    CHECK(in.u16() == 0);
    columns += fmt::format("{}{}:{}", i == 0 ? "" : " ", name, oid);
  }
  CHECK(in.done());
  return columns;
}

inline std::string row_text(Reader in) {
  std::string row;
  const std::uint16_t count = in.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    const std::uint32_t size = in.u32();
    if (i > 0) row += '|';
    row += size == 0xffffffff ? "NULL" : as_text(in.bytes(size));
  }
  CHECK(in.done());
  return row;
}

inline void read_message(Answer& answer, std::uint8_t type, Bytes body) {
  using wire::report_field;
  answer.order += static_cast<char>(type);
  switch (type) {
    case wire::be::kRowDescription: answer.columns = described(Reader(body)); break;
    case wire::be::kDataRow: answer.rows.push_back(row_text(Reader(body))); break;
    case wire::be::kCommandComplete: answer.tag = Reader(body).cstr(); break;
    case wire::be::kReadyForQuery: CHECK(as_text(body) == "I"); break;
    case wire::be::kErrorResponse:
      CHECK(report_field(body, 'S') == "ERROR");
      answer.error = report_field(body, 'M');
      answer.sqlstate = report_field(body, 'C');
      break;
    case wire::be::kNoticeResponse:
      CHECK(report_field(body, 'S') == "NOTICE");
      answer.notice = report_field(body, 'M');
      answer.detail = report_field(body, 'D');
      break;
    default: FAIL("unexpected message " << static_cast<char>(type));
  }
}

inline Answer read_answer(const wire::Buffer& bytes) {
  Answer answer;
  Reader in(bytes);
  while (in.left() > 0) {
    const std::uint8_t type = in.u8();
    const std::uint32_t length = in.u32();
    read_message(answer, type, in.bytes(length - 4));
    REQUIRE(in.ok());
  }
  CHECK(answer.order.ends_with('Z'));
  return answer;
}

}  // namespace weir::admin

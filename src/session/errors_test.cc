#include "session/errors.h"

#include <doctest/doctest.h>

#include "wire/message.h"

using namespace weir;
using session::Fault;

TEST_CASE("every fault has a SQLSTATE of five characters") {
  for (int i = 0; i <= static_cast<int>(Fault::LoginQueueFull); ++i) {
    const auto& info = session::info(static_cast<Fault>(i));
    CHECK(info.sqlstate.size() == 5);
    CHECK(static_cast<int>(info.fault) == i);
  }
}

TEST_CASE("a text replaces the table's, or completes it") {
  CHECK(session::fault_text(Fault::QueryTimeout) == "query timeout");
  CHECK(session::fault_text(Fault::QueryTimeout, "query_timeout") == "query_timeout");
  CHECK(session::fault_text(Fault::NoSuchDatabase, "shop") == "no such database: shop");
}

TEST_CASE("a fatal error tells the setting that would help") {
  wire::Buffer out;
  session::append_fatal(out, Fault::TooManyClients);
  const Bytes body = Bytes(out).subspan(wire::kHeaderSize);
  CHECK(wire::report_field(body, 'S') == "FATAL");
  CHECK(wire::report_field(body, 'C') == "53300");
  CHECK(wire::report_field(body, 'M') == "no more connections allowed (max_client_conn)");
  CHECK(wire::report_field(body, 'H').find("max_client_conn") != std::string_view::npos);
}

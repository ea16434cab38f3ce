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
  const std::string text = session::fault_text(Fault::TooManyClients);
  const wire::Report report = session::fatal_report(Fault::TooManyClients, text, false);
  CHECK(report.severity == "FATAL");
  CHECK(report.sqlstate == "53300");
  CHECK(report.message == "no more connections allowed (max_client_conn)");
  CHECK(report.hint.find("max_client_conn") != std::string_view::npos);
}

TEST_CASE("under strict it is PgBouncer's: one SQLSTATE for all, no hint") {
  const wire::Report report = session::fatal_report(Fault::TooManyClients, "x", true);
  CHECK(report.sqlstate == "08P01");
  CHECK(report.message == "x");
  CHECK(report.hint.empty());
}

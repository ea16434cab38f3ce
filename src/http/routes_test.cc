#include "http/routes.h"

#include <doctest/doctest.h>

using namespace weir;
using namespace weir::http;
using enum stats::ExpositionFormat;

namespace {

Question asked(std::string_view path, std::string_view accept = "") {
  const auto routed = route("GET", path, accept);
  const auto* question = std::get_if<Question>(&routed);
  REQUIRE(question != nullptr);
  return *question;
}

Answer told(std::string_view method, std::string_view path) {
  const auto routed = route(method, path, "");
  const auto* answer = std::get_if<Answer>(&routed);
  REQUIRE(answer != nullptr);
  return *answer;
}

}  // namespace

TEST_CASE("paths are questions") {
  CHECK(asked("/metrics").kind == Question::Kind::Metrics);
  CHECK(asked("/healthz").kind == Question::Kind::Health);
  CHECK(asked("/readyz").kind == Question::Kind::Ready);
  CHECK(asked("/api/v1").kind == Question::Kind::Names);
  CHECK(asked("/api/v1/").kind == Question::Kind::Names);
  CHECK(asked("/api/v1/pools").kind == Question::Kind::Show);
  CHECK(asked("/api/v1/pools").what == "pools");
  CHECK(std::holds_alternative<Question>(route("HEAD", "/metrics", "")));
}

TEST_CASE("what is not there, or not only read, is refused") {
  for (const char* path : {"", "metrics", "/metrics/", "/api", "/api/v2/pools", "//"})
    CHECK(told("GET", path).status == 404);
  CHECK(told("GET", "/api/v1/" + std::string(65, 'x')).status == 404);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", ""})
    CHECK(told(method, "/metrics").status == 405);
  CHECK(told("GET", "/").status == 200);
}

TEST_CASE("only the health page is for everybody") {
  CHECK(is_open_to_all("/healthz"));
  for (const char* path : {"/", "/metrics", "/readyz", "/api/v1/pools", "/healthz/", "/healthzx"})
    CHECK_FALSE(is_open_to_all(path));
}

TEST_CASE("the format is what the reader would rather have") {
  CHECK(wanted_format("") == Prometheus);
  CHECK(wanted_format("*/*") == Prometheus);
  CHECK(wanted_format("text/html,application/xhtml+xml,*/*;q=0.8") == Prometheus);
  CHECK(wanted_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                      "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1") ==
        OpenMetrics);
  CHECK(wanted_format("text/plain, application/openmetrics-text; q=0.3") == Prometheus);
  CHECK(wanted_format("application/openmetrics-text; version=1.0.0 ; q=0") == Prometheus);
  CHECK(wanted_format("application/openmetrics-text;q=x") == Prometheus);
  CHECK(wanted_format(";;,,q=1,;q=") == Prometheus);
}

TEST_CASE("a failure's text cannot leave its place") {
  CHECK(failure(400, "a\"b\\c\n\xff").body == "{\"error\":\"a\\\"b\\\\c??\"}\n");
  CHECK(failure(400, "x").status == 400);
}

#include "config/fingerprint.h"

#include <doctest/doctest.h>

#include "config/test_load.h"

using namespace weir::config;

namespace {

std::string of(std::string_view rest) {
  const Loaded loaded = load_main(rest);
  REQUIRE_MESSAGE(loaded.config, told(loaded));
  return fingerprint(*loaded.config);
}

}  // namespace

TEST_CASE("a fingerprint follows the values, not how they are written") {
  const std::string plain = of("");
  CHECK(plain.size() == 16);
  CHECK(plain.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(of("; a comment\nmax_client_conn = 100") == plain);
  for (const char* changed : {"max_client_conn = 101", "[weir]\nworkers = 3", "[databases]\na =",
                              "[databases]\n* =", "[users]\nu =", "[peers]\n1 = host=h"})
    CHECK_MESSAGE(of(changed) != plain, changed);
  CHECK(of("[databases]\na = port=1") != of("[databases]\nb = port=1"));
}

TEST_CASE("secrets are not in it") {
  CHECK(of("[weir]\nhttp_token = a") == of("[weir]\nhttp_token = b"));
  CHECK(of("[databases]\na = user=u password=x") == of("[databases]\na = user=u password=y"));
}

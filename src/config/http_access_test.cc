#include "config/http_access.h"

#include <doctest/doctest.h>

#include "config/test_load.h"

using namespace weir::config;

namespace {

std::string told_of(std::string_view rest) { return told(load_main(rest)); }

constexpr const char* kOpen =
    "c.ini:4: error: http_addr 0.0.0.0 is open to other machines and nothing protects it: set "
    "http_token, or give a user of stats_users a password in auth_file, or listen on 127.0.0.1\n";
constexpr const char* kClear =
    "c.ini:4: warning: http_addr 0.0.0.0 is open to other machines and what they send to prove who "
    "they are is not encrypted: set http_tls_cert_file and http_tls_key_file\n";

}  // namespace

TEST_CASE("loopback is told by the address, and by one name") {
  for (const char* host : {"localhost", "127.0.0.1", "127.4.5.6", "::1", "::ffff:127.0.0.1"})
    CHECK_MESSAGE(is_loopback(host), host);
  for (const char* host : {"*", "0.0.0.0", "::", "10.0.0.1", "fe80::1", "db.example", ""})
    CHECK_FALSE_MESSAGE(is_loopback(host), host);
}

TEST_CASE("HTTP for other machines needs a token or a password") {
  CHECK(told_of("[weir]\nhttp_addr = 127.0.0.1, ::1") == "");
  CHECK(told_of("[weir]\nhttp_addr = 127.0.0.1, 0.0.0.0") == kOpen);
  CHECK(told_of("[weir]\nhttp_addr = 0.0.0.0\nhttp_port = 0") == "");
  CHECK(told_of("[weir]\nhttp_addr = 0.0.0.0\nhttp_token = t") == kClear);
  CHECK(told_of("[weir]\nhttp_addr = 0.0.0.0\n[pgbouncer]\nauth_file = u.txt\nadmin_users = bob")
            .contains("not encrypted"));
  CHECK(told_of("[weir]\nhttp_addr = 0.0.0.0\n[pgbouncer]\nauth_file = u.txt\nstats_users = eve")
            .contains("nothing protects it"));
  CHECK(told_of("[weir]\nhttp_addr = 0.0.0.0\nhttp_token = t\nhttp_tls_cert_file = c\n"
                "http_tls_key_file = k") == "");
}

TEST_CASE("strict has no HTTP but where it is asked for") {
  CHECK(load_main("").config->http_port() == 9127);
  CHECK(load_main("[weir]\nstrict = 1").config->http_port() == 0);
  CHECK(load_main("[weir]\nstrict = 1\nhttp_port = 9127").config->http_port() == 9127);
  const auto strict = made_strict(load_main("").config);
  CHECK(strict->http_port() == 0);
}

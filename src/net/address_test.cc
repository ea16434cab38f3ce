#include "net/address.h"

#include <doctest/doctest.h>
#include <net/if.h>

#include <string>

using namespace weir::net;

TEST_CASE("numeric addresses keep host and port") {
  const auto v4 = numeric_address("10.0.0.1", 5432);
  REQUIRE(v4.has_value());
  CHECK(v4->text() == "10.0.0.1");
  CHECK(v4->port() == 5432);
  CHECK(v4->full_text() == "10.0.0.1:5432");
  CHECK_FALSE(v4->is_unix());

  const auto v6 = numeric_address("2001:db8::1", 6432);
  REQUIRE(v6.has_value());
  CHECK(v6->text() == "2001:db8::1");
  CHECK(v6->full_text() == "[2001:db8::1]:6432");
  CHECK(*numeric_address("[2001:db8::1]", 6432) == *v6);
}

TEST_CASE("names and rubbish are no numeric addresses") {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "[", "[]", "::1::",
                           "[127.0.0.1", "127.1", "10.0.0.1 ", "%lo", "::1%no-such-interface"}) {
    CAPTURE(text);
    CHECK_FALSE(numeric_address(text, 1).has_value());
  }
  CHECK_FALSE(numeric_address(std::string("10.0.0.1\0x", 10), 1).has_value());
}

TEST_CASE("an IPv6 scope is an interface by name or number") {
  const unsigned loopback = ::if_nametoindex("lo");
  if (loopback == 0) return;
  const auto by_name = numeric_address("fe80::1%lo", 1);
  REQUIRE(by_name.has_value());
  CHECK(*by_name == *numeric_address("fe80::1%" + std::to_string(loopback), 1));
  CHECK_FALSE(*by_name == *numeric_address("fe80::1", 1));
  CHECK(by_name->text() == "fe80::1%lo");
}

TEST_CASE("addresses are equal when family, host and port are") {
  const Address one = *numeric_address("10.0.0.1", 1);
  CHECK(one == *numeric_address("10.0.0.1", 1));
  CHECK_FALSE(one == *numeric_address("10.0.0.1", 2));
  CHECK_FALSE(one == *numeric_address("10.0.0.2", 1));
  CHECK_FALSE(one == *numeric_address("::ffff:10.0.0.1", 1));
  CHECK_FALSE(one == Address{});
  CHECK(Address{} == Address{});
  Address other = one;
  other.set_port(2);
  CHECK(other == *numeric_address("10.0.0.1", 2));
}

TEST_CASE("unix addresses keep their path, abstract ones too") {
  const Address file = unix_address("/run/x/.s.PGSQL.6432");
  REQUIRE(file.valid());
  CHECK(file.is_unix());
  CHECK(file.path() == "/run/x/.s.PGSQL.6432");
  CHECK(file.text() == "unix");
  CHECK(file.full_text() == "unix:/run/x/.s.PGSQL.6432");
  CHECK(file.port() == 0);

  const Address abstract = unix_address("@pool/.s.PGSQL.6432");
  REQUIRE(abstract.valid());
  CHECK(abstract.path() == "@pool/.s.PGSQL.6432");
  CHECK_FALSE(abstract == file);
}

TEST_CASE("a unix path that does not fit gives no address") {
  CHECK(unix_address(std::string(107, 'a')).valid());
  CHECK(unix_address(std::string(107, 'a')).path() == std::string(107, 'a'));
  CHECK_FALSE(unix_address(std::string(108, 'a')).valid());
  CHECK_FALSE(unix_address("").valid());
  CHECK_FALSE(unix_address(std::string("a\0b", 3)).valid());
}

TEST_CASE("an empty address has no text") {
  const Address none;
  CHECK_FALSE(none.valid());
  CHECK_FALSE(none.is_unix());
  CHECK(none.text().empty());
  CHECK(none.full_text().empty());
  CHECK(none.path().empty());
}

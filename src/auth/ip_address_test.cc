#include "auth/ip_address.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <string>

namespace weir::auth {

namespace {

bool within(std::string_view range, std::string_view address) {
  const auto parsed = parse_ip_range(range);
  const auto ip = parse_ip(address);
  REQUIRE_MESSAGE(parsed.has_value(), range);
  REQUIRE_MESSAGE(ip.has_value(), address);
  return parsed->contains(*ip);
}

// The bits as text, in the order in which prefixes count them.
std::string bits(const IpAddress& address) {
  std::string out;
  for (int i = 0; i < (address.v6 ? 16 : 4); ++i)
    out += fmt::format("{:08b}", address.bytes[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace

TEST_CASE("addresses are read as they are written") {
  CHECK(bits(*parse_ip("1.2.3.255")) == "00000001000000100000001111111111");
  CHECK(*parse_ip("::") == IpAddress{.v6 = true});
  CHECK(*parse_ip("1:2:3:4:5:6:7:8") == *parse_ip("0001:0002:3:4:5:6:0.7.0.8"));
  CHECK(*parse_ip("1::8") == *parse_ip("1:0:0:0:0:0:0:8"));
  CHECK(*parse_ip("::1") == *parse_ip("0:0:0:0:0:0:0:1"));
  CHECK(*parse_ip("1::") == *parse_ip("1:0:0:0:0:0:0:0"));
  CHECK(*parse_ip("FE80::aB") == *parse_ip("fe80::AB%eth0"));
  CHECK(*parse_ip("::ffff:10.0.0.1") == *parse_ip("10.0.0.1"));
  CHECK(*parse_ip("::ffff:0a00:1") == *parse_ip("10.0.0.1"));
  CHECK(*parse_ip("::fffe:10.0.0.1") != *parse_ip("10.0.0.1"));
}

TEST_CASE("what is no address is refused") {
  for (const std::string_view text :
       {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.0004", "1.2.3.", ".1.2.3",
        "1.2.3.-4", "1.2.3.4 ", "a.b.c.d", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3",
        "12345::", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "g::", "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::", "::1.2.3", "1:2:3:4::5:6:7:8", "localhost", "10.0.0.1/8", "::1.2.3.4:5"})
    CHECK_MESSAGE(!parse_ip(text), text);
}

TEST_CASE("ranges of one family have no address of the other") {
  CHECK(within("0.0.0.0/0", "1.2.3.4"));
  CHECK_FALSE(within("0.0.0.0/0", "::1"));
  CHECK(within("::/0", "::1"));
  CHECK_FALSE(within("::/0", "1.2.3.4"));
  CHECK_FALSE(within("::/0", "::ffff:1.2.3.4"));
  CHECK(within("::ffff:10.0.0.0/104", "10.255.0.1"));
  CHECK_FALSE(within("::ffff:10.0.0.0/104", "11.0.0.1"));
  CHECK(within("10.1.2.3/8", "10.200.0.1"));
}

TEST_CASE("a mask may have any form") {
  const auto mapped = parse_ip_range("::ffff:10.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ff00::");
  REQUIRE(mapped);
  CHECK(mapped->contains(*parse_ip("10.9.9.9")));
  const auto holes = parse_ip_range("10.0.7.0", "255.0.255.0");
  REQUIRE(holes);
  CHECK(holes->contains(*parse_ip("10.99.7.1")));
  CHECK_FALSE(holes->contains(*parse_ip("10.99.8.1")));
}

TEST_CASE("errors of ranges say the cure") {
  const auto text = [](const auto& result) { return result ? "" : result.error().text; };
  CHECK(text(parse_ip_range("1.2.3.4")) ==
        "1.2.3.4 needs a mask: for this address alone write 1.2.3.4/32");
  CHECK(text(parse_ip_range("::1")) == "::1 needs a mask: for this address alone write ::1/128");
  CHECK(text(parse_ip_range("1.2.3.4/33")) ==
        "in 1.2.3.4/33 a number from 0 to 32 is needed after the /");
  CHECK(text(parse_ip_range("::/129")) != "");
  CHECK(text(parse_ip_range("1.2.3.4/")) != "");
  CHECK(text(parse_ip_range("1.2.3.4/-1")) != "");
  CHECK(text(parse_ip_range("1.2.3/8")) == "1.2.3 is not an IP address");
  CHECK(text(parse_ip_range("1.2.3.4", "trust")).starts_with("trust is not an IP mask"));
  CHECK(text(parse_ip_range("1.2.3.4", "ffff::")) ==
        "the address 1.2.3.4 and the mask ffff:: are not of one kind");
}

TEST_CASE("a range holds the addresses whose first bits are its own") {
  std::mt19937 random(1);
  const auto byte = [&] { return random() % 4 == 0 ? random() % 256 : 0xa0 + random() % 2; };
  const auto v4 = [&] { return fmt::format("{}.{}.{}.{}", byte(), byte(), byte(), byte()); };
  const auto v6 = [&] {
    std::string out;
    for (int i = 0; i < 8; ++i) out += fmt::format("{}{:x}", i == 0 ? "" : ":", byte());
    return out;
  };
  for (int i = 0; i < 2000; ++i) {
    const bool six = random() % 2 == 0;
    const std::string address = six ? v6() : v4();
    const std::string other = six ? v6() : v4();
    const auto length = random() % (six ? 129 : 33);
    const auto prefix = [&](const std::string& text) {
      return bits(*parse_ip(text)).substr(0, length);
    };
    CHECK(within(fmt::format("{}/{}", address, length), other) ==
          (prefix(address) == prefix(other)));
  }
}

}  // namespace weir::auth

#include "auth/secret.h"

#include <doctest/doctest.h>

#include <random>

#include "auth/base64.h"

namespace weir::auth {

namespace {

constexpr std::string_view kStored =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

std::string salt() { return *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="); }

}  // namespace

TEST_CASE("a derived secret is the one of RFC 7677's example") {
  CHECK(format(derive_scram_secret("pencil", salt(), 4096)) == kStored);
}

TEST_CASE("secrets are told apart as PostgreSQL does") {
  CHECK(parse_secret("").kind == SecretKind::None);
  CHECK(parse_secret("pencil").kind == SecretKind::Plain);
  CHECK(parse_secret("md5c0ffee00c0ffee00c0ffee00c0ffee00").kind == SecretKind::Md5);
  CHECK(parse_secret(kStored).kind == SecretKind::Scram);
  CHECK(parse_secret(kStored).scram == derive_scram_secret("pencil", salt(), 4096));
  CHECK(parse_secret(kStored).text == kStored);
}

TEST_CASE("what only resembles a hash is clear text") {
  for (const std::string_view text :
       {"md5", "md5c0ffee00c0ffee00c0ffee00c0ffee0", "md5c0ffee00c0ffee00c0ffee00c0ffee000",
        "md5C0FFEE00C0FFEE00C0FFEE00C0FFEE00", "MD5c0ffee00c0ffee00c0ffee00c0ffee00",
        "md5c0ffee00c0ffee00c0ffee00c0ffeeg0", "SCRAM-SHA-256", "SCRAM-SHA-256$"}) {
    const auto secret = parse_secret(text);
    CHECK(secret.kind == SecretKind::Plain);
    CHECK(secret.text == text);
    CHECK_FALSE(secret.scram);
  }
}

TEST_CASE("a SCRAM secret with any field broken is clear text") {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text(kStored);
    return text.replace(text.find(from), from.size(), to);
  };
  REQUIRE(parse_secret(with("4096", "1")).kind == SecretKind::Scram);
  REQUIRE(parse_secret(with("4096", "2147483647")).kind == SecretKind::Scram);
  for (const auto& text :
       {with("4096", "0"), with("4096", ""), with("4096", "-1"), with("4096", "+1"),
        with("4096", "2147483648"), with("4096", "99999999999"), with("4096", "40x"),
        with("W22Z", "W2Z"), with("WG5d", "WG5"), with("wfPL", "wf!L"), with("2dU=", "2dU"),
        with("2dU=", "2dU=\n"), with("2dU=", "2dV="), with("SHA", "sha"), with(":wfPL", "$wfPL"),
        with("4qY=", "")})
    CHECK(parse_secret(text).kind == SecretKind::Plain);
}

TEST_CASE("any SCRAM secret comes back from its text") {
  std::mt19937 random(2);
  for (int round = 0; round < 1000; ++round) {
    const auto iterations = static_cast<std::uint32_t>(1 + random() % 0x7fffffff);
    ScramSecret secret{iterations, std::string(random() % 40, '\0'), {}, {}};
    for (char& c : secret.salt) c = static_cast<char>(random());
    for (auto& byte : secret.stored_key) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : secret.server_key) byte = static_cast<std::uint8_t>(random());
    const auto parsed = parse_secret(format(secret));
    REQUIRE(parsed.kind == SecretKind::Scram);
    REQUIRE(parsed.scram == secret);
  }
}

TEST_CASE("equal_secrets compares lengths and every byte") {
  const std::string text(40, 'a');
  CHECK(equal_secrets(as_bytes(text), as_bytes(std::string(40, 'a'))));
  CHECK(equal_secrets({}, {}));
  CHECK_FALSE(equal_secrets(as_bytes(text), as_bytes(std::string(39, 'a'))));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto other = text;
    other[i] = 'b';
    CHECK_FALSE(equal_secrets(as_bytes(text), as_bytes(other)));
  }
}

TEST_CASE("wiping leaves nothing behind") {
  std::string text = "a password that is too long for the small string buffer";
  const std::string_view buffer(text.data(), text.size());
  text.resize(3);
  wipe(text);
  CHECK(text.empty());
  REQUIRE(text.data() == buffer.data());
  CHECK(buffer.find_first_not_of('\0') == std::string_view::npos);

  auto secret = parse_secret(kStored);
  wipe(secret);
  CHECK(secret.kind == SecretKind::None);
  CHECK(secret.text.empty());
  CHECK_FALSE(secret.scram);
}

}  // namespace weir::auth

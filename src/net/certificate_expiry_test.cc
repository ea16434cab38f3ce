#include "net/certificate_expiry.h"

#include <doctest/doctest.h>

#include <ctime>

#include "net/test_certificates.h"

using namespace weir::net;

TEST_CASE("a context's certificate says when it ends") {
  test::Authority authority;
  authority.issue("valid", {.cn = "valid"});
  authority.issue("over", {.cn = "over", .expired = true});
  const auto expiry = [&authority](const std::string& name) {
    const auto context = TlsContext::make({.side = TlsSettings::Side::Http,
                                           .key_file = authority.file(name + ".key"),
                                           .cert_file = authority.file(name + ".crt")});
    REQUIRE(context.has_value());
    return certificate_expiry(**context);
  };
  constexpr std::int64_t kDay = 24 * 60 * 60;
  const std::int64_t now = std::time(nullptr);
  REQUIRE(expiry("valid").has_value());
  CHECK(*expiry("valid") > now);
  CHECK(*expiry("valid") <= now + kDay);
  REQUIRE(expiry("over").has_value());
  CHECK(*expiry("over") < now);
}

TEST_CASE("a context without a certificate has no end") {
  const auto context = TlsContext::make({.side = TlsSettings::Side::Servers});
  REQUIRE(context.has_value());
  CHECK_FALSE(certificate_expiry(**context).has_value());
}

#include "auth/base64.h"

#include <doctest/doctest.h>

#include <random>

namespace weir::auth {

TEST_CASE("base64 knows the vectors of RFC 4648") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"n,,", "biws"}};
  for (const auto& [raw, text] : vectors) {
    CHECK(base64_encode(as_bytes(raw)) == text);
    CHECK(base64_decode(text) == raw);
  }
}

TEST_CASE("base64 decodes nothing but what it encodes") {
  for (const auto* text : {"Z", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9",
                           "Zm9v\n", "Zm-v", "Zg=a", "=Zg=", "=", "=="})
    CHECK_FALSE(base64_decode(text));
}

TEST_CASE("base64 gives any bytes back") {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string raw(random() % 70, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    const auto text = base64_encode(as_bytes(raw));
    REQUIRE(base64_decode(text) == raw);
  }
}

}  // namespace weir::auth

#include "auth/saslprep.h"

#include <doctest/doctest.h>

namespace weir::auth {

namespace {

struct Case {
  std::string_view password;
  std::string_view prepared;
};

void check(std::initializer_list<Case> cases) {
  for (const auto& [password, prepared] : cases) {
    CAPTURE(password);
    CHECK(saslprep(password) == prepared);
  }
}

}  // namespace

TEST_CASE("saslprep follows the examples of RFC 4013") {
  check(
      {{"I\u00adX", "IX"}, {"user", "user"}, {"USER", "USER"}, {"\u00aa", "a"}, {"\u2168", "IX"}});
}

TEST_CASE("saslprep gives the bytes as they are where the RFC refuses them") {
  check({{"\u0627\u0031", "\u0627\u0031"},    // ends left to right
         {"\u0627a\u0627", "\u0627a\u0627"},  // mixed directions
         {"\u00e9\x07", "\u00e9\x07"},        // control character
         {"\u00aa\ue000", "\u00aa\ue000"},    // private use
         {"\u00aa\u0221", "\u00aa\u0221"},    // unassigned in Unicode 3.2
         {"\u00ad", "\u00ad"},                // would be empty
         {"\u00ad\u200d", "\u00ad\u200d"}});
}

TEST_CASE("saslprep gives ASCII as it is, control characters too") {
  check({{"", ""}, {"\x07 a\x7f", "\x07 a\x7f"}});
}

TEST_CASE("saslprep gives text that is not UTF-8 as it is") {
  check({{"\xe9t\xe9", "\xe9t\xe9"},
         {"a\xc3", "a\xc3"},
         {"\xc0\x80", "\xc0\x80"},
         {"\xe0\x80\xaf", "\xe0\x80\xaf"},
         {"\xed\xa0\x80", "\xed\xa0\x80"},
         {"\xf4\x90\x80\x80", "\xf4\x90\x80\x80"},
         {"\xff", "\xff"},
         {"\x80", "\x80"}});
}

TEST_CASE("saslprep maps spaces and normalizes") {
  check({{"a\u00a0b", "a b"},
         {"a\u200bb", "a b"},
         {"\u3000\u00ad", " "},
         {"e\u0301", "\u00e9"},
         {"\u0061\u0323\u0302", "\u1ead"},
         {"\u0061\u0302\u0323", "\u1ead"},
         {"\ufb01n", "fin"},
         {"\u2460\u00bd", "11\u20442"},
         {"\uff21\uff22", "AB"},
         {"\U0001d400\U0001d7ff", "A9"},
         {"\uac00\u11a8", "\uac01"},
         {"\u1112\u1161\u11ab", "\ud55c"},
         {"\ufefb", "\u0644\u0627"},
         {"\u212b", "\u00c5"},
         {"\u0958", "\u0915\u093c"}});
}

TEST_CASE("saslprep of a long text stays linear") {
  std::string marks = "e";
  for (int i = 0; i < 20000; ++i) marks += i % 2 == 0 ? "\u0323" : "\u0301";
  const auto prepared = saslprep(marks);
  CHECK(prepared.starts_with("\u1eb9\u0323"));
  CHECK(prepared.ends_with("\u0301"));
}

}  // namespace weir::auth

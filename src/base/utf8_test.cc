#include "base/utf8.h"

#include <doctest/doctest.h>

using namespace weir;

TEST_CASE("characters of every length are whole or broken") {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "x\xc3\xa9y"}) {
    CAPTURE(good);
    CHECK(escape_broken_utf8(good) == good);
  }
  for (const char* bad : {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                          "\xe2\x28\xa1", "\xc3\xa9\xc3"}) {
    CAPTURE(bad);
    CHECK(escape_broken_utf8(bad).find("\\x") != std::string::npos);
    CHECK(escape_broken_utf8(escape_broken_utf8(bad)) == escape_broken_utf8(bad));
  }
}

TEST_CASE("what was broken can still be told apart") {
  CHECK(escape_broken_utf8("a\xff\xc3\xa9\xc3") == "a\\xff\xc3\xa9\\xc3");
  CHECK(escape_broken_utf8("a\xfe") != escape_broken_utf8("a\xff"));
}

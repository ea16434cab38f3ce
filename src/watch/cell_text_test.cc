#include "watch/cell_text.h"

#include <doctest/doctest.h>

#include <clocale>

using namespace weir::watch;

namespace {

class Utf8 {
 public:
  Utf8() { REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr); }
  ~Utf8() { std::setlocale(LC_CTYPE, "C"); }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;
};

}  // namespace

TEST_CASE("what could steer a terminal does not reach it") {
  CHECK(printable("app\x1b[2J\n\tx\x7f") == "app?[2J??x?");
  CHECK(printable(std::string_view("a\0b", 3)) == "a?b");
  CHECK(printable("\xff\xc3") == "??");
  const Utf8 locale;
  CHECK(printable("\xff\xc3") == "??");
  CHECK(printable("\xc2\x9b"
                  "31m") == "?31m");
  CHECK(printable("müller") == "müller");
}

TEST_CASE("width is that on the screen") {
  const Utf8 locale;
  CHECK(cell_width("") == 0);
  CHECK(cell_width("müller") == 6);
  CHECK(cell_width("日本") == 4);
  CHECK(cell_width("e\xcc\x81") == 1);
}

TEST_CASE("what is too long is cut with a mark, and never in the middle of a character") {
  CHECK(cut("database", 8) == "database");
  CHECK(cut("database", 5) == "data~");
  CHECK(cut("database", 1) == "~");
  CHECK(cut("database", 0) == "");
  const Utf8 locale;
  CHECK(cut("müller", 3) == "mü~");
  CHECK(cut("日本語", 4) == "日~");
}

TEST_CASE("fields are exactly as wide as asked") {
  CHECK(left("ab", 4) == "ab  ");
  CHECK(right("ab", 4) == "  ab");
  CHECK(right("abcde", 4) == "abc~");
  const Utf8 locale;
  CHECK(left("日本語", 4) == "日~ ");
}

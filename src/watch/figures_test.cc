#include "watch/figures.h"

#include <doctest/doctest.h>

using namespace weir::watch;

TEST_CASE("counts take at most six columns") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(0.5) == "0.5");
  CHECK(count_text(9.94) == "9.9");
  CHECK(count_text(9.96) == "10");
  CHECK(count_text(99'999) == "99999");
  CHECK(count_text(123'400) == "123.4k");
  CHECK(count_text(999'960) == "1.0M");
  CHECK(count_text(2.5e9) == "2.5G");
}

TEST_CASE("bytes") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(999.9) == "1.0 kB");
  CHECK(bytes_text(1.5e6) == "1.5 MB");
  CHECK(bytes_text(2.25e9) == "2.2 GB");
}

TEST_CASE("times keep two or three digits") {
  CHECK(time_text(0) == "0.00 ms");
  CHECK(time_text(250) == "0.25 ms");
  CHECK(time_text(9'999) == "10 ms");
  CHECK(time_text(999'400) == "999 ms");
  CHECK(time_text(1.5e6) == "1.5 s");
  CHECK(time_text(59.96e6) == "1m 00s");
  CHECK(time_text(125e6) == "2m 05s");
  CHECK(time_text(3'660e6) == "1h 01m");
}

TEST_CASE("a rate needs time, and a counter that goes on") {
  CHECK(rate(100, 300, 2) == 100);
  CHECK(rate(300, 100, 2) == 0);
  CHECK(rate(100, 300, 0) == 0);
}

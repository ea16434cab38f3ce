#include "session/stall.h"

#include <doctest/doctest.h>

using namespace weir;

namespace {

Instant at(int us) { return Instant(Duration(us)); }

}  // namespace

TEST_CASE("several stalls add up, and taking them begins anew") {
  session::Stall stall;
  stall.restart(at(0));
  CHECK(stall.take(at(5)) == Duration(0));
  stall.begin(at(10));
  stall.begin(at(12));  // still
  stall.end(at(14));
  stall.end(at(15));  // long over
  stall.begin(at(20));
  stall.end(at(21));
  CHECK(stall.take(at(30)) == Duration(5));
  CHECK(stall.take(at(40)) == Duration(0));
}

TEST_CASE("a stall that goes on is counted on both sides of a restart") {
  session::Stall stall;
  stall.begin(at(10));
  CHECK(stall.take(at(13)) == Duration(3));
  stall.restart(at(20));
  stall.end(at(26));
  CHECK(stall.take(at(30)) == Duration(6));
}

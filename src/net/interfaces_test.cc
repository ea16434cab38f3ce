#include "net/interfaces.h"

#include <doctest/doctest.h>

using namespace weir;
using net::Distance;

namespace {

Distance distance(const char* address) {
  const auto peer = net::numeric_address(address, 5432);
  REQUIRE(peer);
  const auto found = net::distance_to(*peer);
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("the loopback network is near, others are not") {
  CHECK(distance("127.0.0.1") == Distance::SameHost);
  CHECK(distance("::ffff:127.0.0.1") == Distance::SameHost);
  CHECK(distance("127.9.9.9") == Distance::SameNet);
  CHECK(distance("240.0.0.1") == Distance::Far);
  CHECK(distance("100::1") == Distance::Far);
}

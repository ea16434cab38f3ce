#include "net/limits.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace weir::net;

TEST_CASE("the soft limit of descriptors is lifted to the hard one") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit lowered{.rlim_cur = 128, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  CHECK(file_limit().soft == 128);
  const FileLimit raised = raise_file_limit();
  CHECK(raised.soft == before.rlim_max);
  CHECK(raised.hard == before.rlim_max);
  CHECK(file_limit().soft == before.rlim_max);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

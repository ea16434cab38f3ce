#include "net/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

using weir::net::Fd;

namespace {

Fd open_null() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a descriptor is closed by its owner, once") {
  int number = -1;
  {
    const Fd fd = open_null();
    REQUIRE(fd.valid());
    number = fd.get();
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("moving hands the descriptor over and closes what the target had") {
  Fd first = open_null();
  Fd second = open_null();
  const int kept = first.get();
  const int closed = second.get();
  second = std::move(first);
  CHECK(second.get() == kept);
  CHECK(is_open(kept));
  CHECK_FALSE(is_open(closed));
  Fd third(std::move(second));
  CHECK(third.get() == kept);
  CHECK(is_open(kept));
}

TEST_CASE("a released descriptor stays open and belongs to the caller") {
  Fd fd = open_null();
  const int number = fd.release();
  CHECK_FALSE(fd.valid());
  fd.reset();
  CHECK(is_open(number));
  ::close(number);
}

#include "net/fd.h"

#include <unistd.h>

#include <cerrno>

#include "base/check.h"

namespace weir::net {

void Fd::reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0) return;
  ASSERT(old != fd);
  const int saved = errno;
  // A second close after EINTR could hit a descriptor that another thread has just been given.
  const int rc = ::close(old);
  ASSERT(rc == 0 || errno != EBADF);
  errno = saved;
}

}  // namespace weir::net

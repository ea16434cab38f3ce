#include "runtime/daemon.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "net/socket.h"

namespace weir::runtime {

namespace {

[[noreturn]] void await(int child) {
  char up = 0;
  ssize_t n = 0;
  do {
    n = ::read(child, &up, 1);
  } while (n < 0 && errno == EINTR);
  ::_exit(n == 1 ? 0 : 1);
}

}  // namespace

Result<Daemon> Daemon::detach() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(net::errno_text("pipe", errno));
  net::Fd starter(ends[1]);
  const net::Fd child(ends[0]);
  std::fflush(nullptr);
  const pid_t first = ::fork();
  if (first < 0) return fail(net::errno_text("fork", errno));
  if (first > 0) {
    starter.reset();
    await(child.get());
  }
  ::setsid();
  // One that does not lead its session never gets a terminal again.
  const pid_t second = ::fork();
  if (second < 0) return fail(net::errno_text("fork", errno));
  if (second > 0) ::_exit(0);
  return Daemon(std::move(starter));
}

void Daemon::ready() {
  const net::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (null.valid()) ::dup2(null.get(), fd);
  const char up = 1;
  (void)!::write(starter_.get(), &up, 1);
  starter_.reset();
}

}  // namespace weir::runtime

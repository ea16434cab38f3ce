#include "net/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "base/check.h"

namespace weir::net {

namespace {

// What an option's number is wrong for, the kernel refuses; the connection works without it.
void set_number(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

IoResult failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {.again = true};
  return {.error = error};
}

Result<ucred> peer_credentials(int fd) {
  ucred who{};
  socklen_t length = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0) {
    return fail(errno_text("SO_PEERCRED", errno));
  }
  // The kernel answers for TCP too, with nobody.
  if (who.pid == 0) return fail("the peer of this socket has no credentials");
  return who;
}

}  // namespace

std::string errno_text(std::string_view text, int error) {
  return fmt::format("{}: {}", text, std::generic_category().message(error));
}

Result<Fd> connect_start(const Address& address) {
  if (!address.valid()) return fail("not an address to connect to");
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(errno_text("socket", errno));
  if (::connect(fd.get(), address.get(), address.length) == 0) return fd;
  // A non-blocking connect goes on in the background when a signal cuts it short.
  if (errno == EINPROGRESS || errno == EINTR) return fd;
  return fail(errno_text("connect to " + address.full_text(), errno));
}

int connect_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  if (error != 0) return error;
  // No error is also what an attempt that still runs says; only a connected socket has a peer.
  sockaddr_storage peer{};
  length = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0) return 0;
  return errno == ENOTCONN ? EINPROGRESS : errno;
}

void tune_tcp(int fd, const TcpOptions& options) {
  set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive) {
    set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (options.keepalive_count > 0) {
      set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_count);
    }
    if (options.keepalive_idle_s > 0) {
      set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_idle_s);
    }
    if (options.keepalive_interval_s > 0) {
      set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, options.keepalive_interval_s);
    }
  }
  if (options.user_timeout_ms > 0) {
    set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options.user_timeout_ms);
  }
  if (options.socket_buffer > 0) {
    set_number(fd, SOL_SOCKET, SO_SNDBUF, options.socket_buffer);
    set_number(fd, SOL_SOCKET, SO_RCVBUF, options.socket_buffer);
  }
}

IoResult receive(int fd, std::span<std::uint8_t> into) {
  ASSERT(!into.empty());
  for (;;) {
    const ssize_t n = ::recv(fd, into.data(), into.size(), 0);
    if (n > 0) return {.n = n, .more = static_cast<std::size_t>(n) == into.size()};
    if (n == 0) return {.closed = true};
    if (errno != EINTR) return failed(errno);
  }
}

IoResult send(int fd, std::span<const iovec> parts) {
  ASSERT(!parts.empty());
  msghdr message{};
  // The kernel only reads them.
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
  for (;;) {
    // With one part the kernel need not copy and check a message header.
    const ssize_t n = parts.size() == 1
                          ? ::send(fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                          : ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (n > 0) return {.n = n};
    ASSERT(n < 0);
    if (errno != EINTR) return failed(errno);
  }
}

void shutdown_write(int fd) { ::shutdown(fd, SHUT_WR); }

Result<Address> local_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.length) == 0) return address;
  return fail(errno_text("getsockname", errno));
}

Result<uid_t> peer_uid(int fd) {
  const Result<ucred> who = peer_credentials(fd);
  if (!who) return std::unexpected(who.error());
  return who->uid;
}

Result<pid_t> peer_pid(int fd) {
  const Result<ucred> who = peer_credentials(fd);
  if (!who) return std::unexpected(who.error());
  return who->pid;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace weir::net

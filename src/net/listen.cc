// Listening sockets and what comes out of them.
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "net/socket.h"

namespace weir::net {

namespace {

Result<void> switch_on(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) == 0) return {};
  return fail(errno_text(name, errno));
}

// Whether somebody listens there. A full queue (EAGAIN) is somebody too.
Result<bool> is_live(const Address& address) {
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return fail(errno_text("socket", errno));
  if (::connect(probe.get(), address.get(), address.length) == 0 || errno == EAGAIN) return true;
  if (errno == ECONNREFUSED || errno == ENOENT) return false;
  return fail(errno_text("could not look at " + address.full_text(), errno));
}

Result<void> clear_stale(const std::string& path, const Address& address) {
  const Result<bool> live = is_live(address);
  if (!live) return std::unexpected(live.error());
  if (*live) return fail("unix socket is in use, cannot continue");
  if (path[0] == '@') return {};
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return fail(fmt::format("{} is not a socket", path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail(errno_text("could not remove " + path, errno));
  }
  return {};
}

Result<gid_t> group_id(const std::string& group) {
  gid_t number = 0;
  const char* end = group.data() + group.size();
  const auto [at, error] = std::from_chars(group.data(), end, number);
  if (error == std::errc{} && at == end) return number;
  std::vector<char> buffer(16384);
  struct group entry{};
  struct group* found = nullptr;
  const int code = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return fail(code == 0 ? fmt::format("group {} does not exist", group)
                          : errno_text("group " + group, code));
  }
  return entry.gr_gid;
}

Result<void> set_access(const std::string& path, mode_t mode, const std::string& group) {
  if (!group.empty()) {
    const Result<gid_t> id = group_id(group);
    if (!id) return std::unexpected(id.error());
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *id) != 0) {
      return fail(errno_text("could not give " + path + " to group " + group, errno));
    }
  }
  if (::chmod(path.c_str(), mode) != 0) return fail(errno_text("chmod " + path, errno));
  return {};
}

}  // namespace

Result<Fd> listen_tcp(const Address& address, int backlog, bool reuse_port) {
  if (!address.valid() || address.is_unix()) return fail("not a TCP address");
  const int family = address.storage.ss_family;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(errno_text("socket", errno));
  if (auto on = switch_on(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"); !on) {
    return std::unexpected(on.error());
  }
  if (reuse_port) {
    auto on = switch_on(fd.get(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT");
    if (!on) return std::unexpected(on.error());
  }
  if (family == AF_INET6) {
    auto on = switch_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
    if (!on) return std::unexpected(on.error());
  }
  if (::bind(fd.get(), address.get(), address.length) != 0) {
    return fail(errno_text("could not bind " + address.full_text(), errno));
  }
  if (::listen(fd.get(), backlog) != 0) {
    return fail(errno_text("could not listen on " + address.full_text(), errno));
  }
  return fd;
}

Result<Fd> listen_unix(const std::string& path, mode_t mode, const std::string& group,
                       int backlog) {
  const Address address = unix_address(path);
  if (!address.valid()) return fail(fmt::format("not usable as a unix socket: {}", path));
  if (auto clear = clear_stale(path, address); !clear) return std::unexpected(clear.error());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(errno_text("socket", errno));
  if (::bind(fd.get(), address.get(), address.length) != 0) {
    return fail(errno == EADDRINUSE ? "unix socket is in use, cannot continue"
                                    : errno_text("could not bind " + path, errno));
  }
  // Nobody can connect before listen(), so the file never stands open with the wrong mode.
  if (path[0] != '@') {
    if (auto access = set_access(path, mode, group); !access) {
      ::unlink(path.c_str());
      return std::unexpected(access.error());
    }
  }
  if (::listen(fd.get(), backlog) != 0) {
    return fail(errno_text("could not listen on " + path, errno));
  }
  return fd;
}

void refuse_connections(int listener) { ::shutdown(listener, SHUT_RDWR); }

void defer_accept(int listener, int seconds) {
  ::setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

Result<Fd> accept_one(int listener, Address& peer, int& error) {
  for (;;) {
    peer.length = sizeof peer.storage;
    Fd fd(::accept4(listener, peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error = fd.valid() ? 0 : errno;
    if (fd.valid()) return fd;
    peer.length = 0;
    // The text is only read for errors that are rare, and EAGAIN ends every batch.
    if (error == EAGAIN) return fail({});
    if (error != EINTR) return fail(errno_text("accept", error));
  }
}

}  // namespace weir::net

// For the tests of this folder: connected pairs over loopback, and waiting with a deadline.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/socket.h"

namespace weir::net::test {

inline bool wait_for(int fd, short events) {
  pollfd state{.fd = fd, .events = events, .revents = 0};
  return ::poll(&state, 1, 20'000) == 1;
}

inline Fd loopback_listener() {
  auto listener = listen_tcp(*numeric_address("127.0.0.1", 0), 16, false);
  REQUIRE(listener.has_value());
  return std::move(*listener);
}

struct Pair {
  Fd client;
  Fd server;
};

inline Pair connect_pair(int listener) {
  auto client = connect_start(*local_address(listener));
  REQUIRE(client.has_value());
  REQUIRE(wait_for(listener, POLLIN));
  Address peer;
  int error = 0;
  auto server = accept_one(listener, peer, error);
  REQUIRE(server.has_value());
  REQUIRE(wait_for(client->get(), POLLOUT));
  return {.client = std::move(*client), .server = std::move(*server)};
}

inline Pair tcp_pair() {
  const Fd listener = loopback_listener();
  return connect_pair(listener.get());
}

inline IoResult send_text(int fd, std::string_view text) {
  const iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  return send(fd, {&part, 1});
}

// Everything that is there now.
inline std::string receive_text(int fd) {
  std::string text;
  std::vector<std::uint8_t> buffer(4096);
  for (;;) {
    const IoResult got = receive(fd, buffer);
    if (got.n <= 0) return text;
    text += as_text({buffer.data(), static_cast<std::size_t>(got.n)});
  }
}

// A connection that is cut off rather than closed: the peer gets an RST.
inline void reset_connection(Fd& fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  fd.reset();
}

// A new directory that is removed with what is in it.
class Directory {
 public:
  Directory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_ = "/tmp/weir-test-XXXXXX";
};

// Receives datagrams at the path of a Unix socket.
struct DatagramReader {
  explicit DatagramReader(const std::string& path) { open(path); }

  void open(const std::string& path) {
    const Address address = unix_address(path);
    fd = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(fd.get(), address.get(), address.length) == 0);
  }
  std::string read() const {
    std::array<char, 8192> line{};
    const ssize_t n = ::recv(fd.get(), line.data(), line.size(), 0);
    return n < 0 ? "" : std::string(line.data(), static_cast<std::size_t>(n));
  }

  Fd fd;
};

}  // namespace weir::net::test

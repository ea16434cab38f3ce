#include "net/socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "net/test_sockets.h"

using namespace weir::net;
using namespace weir::net::test;

namespace {

int number_option(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(fd, level, option, &value, &length) == 0);
  return value;
}

bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }
bool is_close_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

}  // namespace

TEST_CASE("bytes go both ways, and every descriptor is non-blocking and close-on-exec") {
  const Fd listener = loopback_listener();
  const Pair pair = connect_pair(listener.get());
  for (const int fd : {listener.get(), pair.client.get(), pair.server.get()}) {
    CHECK(is_non_blocking(fd));
    CHECK(is_close_on_exec(fd));
  }
  CHECK(connect_error(pair.client.get()) == 0);
  CHECK(send_text(pair.client.get(), "hello").n == 5);
  REQUIRE(wait_for(pair.server.get(), POLLIN));
  CHECK(receive_text(pair.server.get()) == "hello");
  CHECK(send_text(pair.server.get(), "world").n == 5);
  REQUIRE(wait_for(pair.client.get(), POLLIN));
  CHECK(receive_text(pair.client.get()) == "world");
}

TEST_CASE("accept tells who came, and that nobody waits") {
  const Fd listener = loopback_listener();
  Address peer;
  int error = 0;
  CHECK_FALSE(accept_one(listener.get(), peer, error).has_value());
  CHECK(error == EAGAIN);
  auto client = connect_start(*local_address(listener.get()));
  REQUIRE(client.has_value());
  REQUIRE(wait_for(listener.get(), POLLIN));
  CHECK(accept_one(listener.get(), peer, error).has_value());
  CHECK(error == 0);
  CHECK(peer == *local_address(client->get()));
}

TEST_CASE("several parts leave as one stream") {
  const Pair pair = tcp_pair();
  std::string a = "one,";
  std::string b = "two,";
  std::string c = "three";
  const std::array<iovec, 3> parts{iovec{a.data(), a.size()}, iovec{b.data(), b.size()},
                                   iovec{c.data(), c.size()}};
  CHECK(send(pair.client.get(), parts).n == 13);
  REQUIRE(wait_for(pair.server.get(), POLLIN));
  CHECK(receive_text(pair.server.get()) == "one,two,three");
}

TEST_CASE("more parts than the kernel takes at once are sent in part") {
  const Pair pair = tcp_pair();
  char letter = 'x';
  const std::vector<iovec> parts(1500, iovec{&letter, 1});
  const IoResult sent = send(pair.client.get(), parts);
  CHECK(sent.n == 1024);
  CHECK(sent.error == 0);
}

TEST_CASE("a full peer says again and an empty one too") {
  const Pair pair = tcp_pair();
  std::array<std::uint8_t, 16> buffer{};
  const IoResult nothing = receive(pair.server.get(), buffer);
  CHECK(nothing.again);
  CHECK_FALSE(nothing.closed);
  CHECK(nothing.error == 0);

  const std::string block(1 << 20, 'x');
  IoResult sent;
  int rounds = 0;
  do {
    sent = send_text(pair.client.get(), block);
  } while (sent.n > 0 && ++rounds < 1000);
  CHECK(sent.again);
  CHECK(sent.error == 0);
}

TEST_CASE("a FIN is an orderly end, an RST is an error") {
  std::array<std::uint8_t, 16> buffer{};
  Pair pair = tcp_pair();
  shutdown_write(pair.client.get());
  REQUIRE(wait_for(pair.server.get(), POLLIN));
  const IoResult end = receive(pair.server.get(), buffer);
  CHECK(end.closed);
  CHECK(end.error == 0);
  CHECK(send_text(pair.server.get(), "still").n == 5);
  REQUIRE(wait_for(pair.client.get(), POLLIN));
  CHECK(receive_text(pair.client.get()) == "still");

  pair = tcp_pair();
  reset_connection(pair.client);
  REQUIRE(wait_for(pair.server.get(), POLLIN));
  CHECK(receive(pair.server.get(), buffer).error == ECONNRESET);
  const IoResult after = send_text(pair.server.get(), "x");
  CHECK(after.error == EPIPE);
  CHECK_FALSE(after.again);
}

TEST_CASE("a refused connection is known by its error") {
  Address nobody;
  {
    const Fd listener = loopback_listener();
    nobody = *local_address(listener.get());
  }
  const auto fd = connect_start(nobody);
  if (!fd) return;
  REQUIRE(wait_for(fd->get(), POLLOUT));
  CHECK(connect_error(fd->get()) == ECONNREFUSED);
}

TEST_CASE("a connection that nobody answers is in progress") {
  // One waiting connection fills this queue; the kernel then ignores further attempts.
  const Fd listener = *listen_tcp(*numeric_address("127.0.0.1", 0), 0, false);
  const Address address = *local_address(listener.get());
  std::vector<Fd> fill;
  bool seen = false;
  for (int i = 0; i < 8 && !seen; ++i) {
    auto fd = connect_start(address);
    REQUIRE(fd.has_value());
    pollfd state{.fd = fd->get(), .events = POLLOUT, .revents = 0};
    seen = ::poll(&state, 1, 50) == 0 && connect_error(fd->get()) == EINPROGRESS;
    fill.push_back(std::move(*fd));
  }
  CHECK(seen);
}

TEST_CASE("a port in use is refused, unless both share it") {
  const Fd first = *listen_tcp(*numeric_address("127.0.0.1", 0), 16, true);
  const Address address = *local_address(first.get());
  const auto second = listen_tcp(address, 16, false);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text.find(address.full_text()) != std::string::npos);
  CHECK(listen_tcp(address, 16, true).has_value());
  CHECK_FALSE(listen_tcp(unix_address("@x"), 16, false).has_value());
  CHECK_FALSE(connect_start(Address{}).has_value());
}

TEST_CASE("TCP options are set, and inherited by what a listener accepts") {
  const Fd listener = loopback_listener();
  tune_tcp(listener.get(), {.keepalive_count = 4,
                            .keepalive_idle_s = 77,
                            .keepalive_interval_s = 11,
                            .user_timeout_ms = 9000,
                            .socket_buffer = 65536});
  const Pair pair = connect_pair(listener.get());
  const int fd = pair.server.get();
  CHECK(number_option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(number_option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
  CHECK(number_option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 4);
  CHECK(number_option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
  CHECK(number_option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 11);
  CHECK(number_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 9000);
  // The kernel doubles what is asked, for its own bookkeeping.
  CHECK(number_option(fd, SOL_SOCKET, SO_RCVBUF) == 2 * 65536);
  CHECK(number_option(fd, SOL_SOCKET, SO_SNDBUF) == 2 * 65536);

  tune_tcp(pair.client.get(), {.keepalive = false});
  CHECK(number_option(pair.client.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(number_option(pair.client.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}

TEST_CASE("a deferred listener is not woken by a silent client") {
  const Fd listener = loopback_listener();
  defer_accept(listener.get(), 45);
  auto client = connect_start(*local_address(listener.get()));
  REQUIRE(client.has_value());
  REQUIRE(wait_for(client->get(), POLLOUT));
  Address peer;
  int error = 0;
  CHECK_FALSE(accept_one(listener.get(), peer, error).has_value());
  CHECK(error == EAGAIN);
  REQUIRE(send_text(client->get(), "x").n == 1);
  REQUIRE(wait_for(listener.get(), POLLIN));
  CHECK(accept_one(listener.get(), peer, error).has_value());
}

// The few TCP calls that the benchmark's programs share: listen, start a connection, give up
// loudly. Every descriptor is non-blocking, has TCP_NODELAY, and belongs to the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};

// Prints the reason (that of errno if none is given) and ends the program: a benchmark never goes
// on with less than it was asked for.
[[noreturn]] void give_up(std::string_view what);
[[noreturn]] void give_up(std::string_view what, std::string_view reason);

// As many descriptors as we are allowed.
void raise_descriptor_limit();

int listen_at(const Address& address);
// One waiting connection, or -1 when there is none.
int accept_from(int listener);
// The connection is under way: the first writable event tells its outcome.
int start_connect(const Address& address);

int new_epoll();
// Edge-triggered for both directions, once and for all.
void watch_edges(int epoll, int fd, void* owner);

}  // namespace weir::bench

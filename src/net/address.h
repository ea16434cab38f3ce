// A socket address by value: IPv4, IPv6 or a Unix socket.
// Building one never asks a name server; names are the Resolver's work.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  bool valid() const { return length != 0; }
  bool is_unix() const { return valid() && storage.ss_family == AF_UNIX; }
  // The host alone: `10.0.0.1`, `::1`, and `unix` for every Unix socket (as SHOW prints it).
  std::string text() const;
  // As the log prints it: `10.0.0.1:5432`, `[::1]:5432`, `unix:/dir/.s.PGSQL.5432`.
  std::string full_text() const;
  // The path of a Unix socket, `@name` for an abstract one, empty for an unnamed one or for TCP.
  std::string path() const;
  // 0 for Unix sockets.
  std::uint16_t port() const;
  void set_port(std::uint16_t port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  bool operator==(const Address& other) const;
};

// `@name` is in the abstract namespace. An empty path, one with a zero byte, or one that does not
// fit (107 bytes) gives an address that is not valid(); connecting or listening there fails.
Address unix_address(std::string_view path);

// `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`; anything else is an error.
Result<Address> numeric_address(std::string_view host, std::uint16_t port);

}  // namespace weir::net

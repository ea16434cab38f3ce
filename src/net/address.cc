#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace weir::net {

namespace {

// sockaddr_storage exists to be looked at as the type that its family names.
template <typename T>
const T& as(const Address& address) {
  return *reinterpret_cast<const T*>(&address.storage);
}
template <typename T>
T& as(Address& address) {
  return *reinterpret_cast<T*>(&address.storage);
}

// A scope is an interface's name or number; 0 when there is no such interface.
std::uint32_t scope_number(const std::string& scope) {
  std::uint32_t number = 0;
  const char* end = scope.data() + scope.size();
  const auto [at, error] = std::from_chars(scope.data(), end, number);
  if (error == std::errc{} && at == end) return number;
  return ::if_nametoindex(scope.c_str());
}

std::string ipv6_text(const sockaddr_in6& in) {
  char text[INET6_ADDRSTRLEN];
  if (::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text) == nullptr) return {};
  if (in.sin6_scope_id == 0) return text;
  char name[IF_NAMESIZE];
  if (::if_indextoname(in.sin6_scope_id, name) != nullptr) return fmt::format("{}%{}", text, name);
  return fmt::format("{}%{}", text, in.sin6_scope_id);
}

std::string ipv4_text(const sockaddr_in& in) {
  char text[INET_ADDRSTRLEN];
  return ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text) == nullptr ? "" : text;
}

}  // namespace

std::string Address::text() const {
  if (!valid()) return {};
  if (storage.ss_family == AF_INET) return ipv4_text(as<sockaddr_in>(*this));
  if (storage.ss_family == AF_INET6) return ipv6_text(as<sockaddr_in6>(*this));
  return storage.ss_family == AF_UNIX ? "unix" : "";
}

std::string Address::full_text() const {
  if (is_unix()) {
    const std::string name = path();
    return name.empty() ? "unix" : "unix:" + name;
  }
  if (!valid()) return {};
  const bool brackets = storage.ss_family == AF_INET6;
  return brackets ? fmt::format("[{}]:{}", text(), port()) : fmt::format("{}:{}", text(), port());
}

std::string Address::path() const {
  constexpr std::size_t kStart = offsetof(sockaddr_un, sun_path);
  if (!is_unix() || length <= kStart) return {};
  const char* start = as<sockaddr_un>(*this).sun_path;
  const std::size_t size = length - kStart;
  if (start[0] == 0) return "@" + std::string(start + 1, size - 1);
  return {start, ::strnlen(start, size)};
}

std::uint16_t Address::port() const {
  if (!valid()) return 0;
  if (storage.ss_family == AF_INET) return ntohs(as<sockaddr_in>(*this).sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(as<sockaddr_in6>(*this).sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) {
  if (!valid()) return;
  if (storage.ss_family == AF_INET) as<sockaddr_in>(*this).sin_port = htons(port);
  if (storage.ss_family == AF_INET6) as<sockaddr_in6>(*this).sin6_port = htons(port);
}

bool Address::operator==(const Address& other) const {
  if (valid() != other.valid()) return false;
  if (!valid()) return true;
  if (storage.ss_family != other.storage.ss_family || port() != other.port()) return false;
  if (storage.ss_family == AF_INET) {
    return as<sockaddr_in>(*this).sin_addr.s_addr == as<sockaddr_in>(other).sin_addr.s_addr;
  }
  if (storage.ss_family == AF_INET6) {
    const auto& a = as<sockaddr_in6>(*this);
    const auto& b = as<sockaddr_in6>(other);
    return a.sin6_scope_id == b.sin6_scope_id &&
           std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
  }
  return path() == other.path();
}

Address unix_address(std::string_view path) {
  Address address;
  auto& un = as<sockaddr_un>(address);
  // A path needs room for its zero. An abstract name needs none, but one limit is easier to tell.
  if (path.empty() || path.size() >= sizeof un.sun_path || path.find('\0') != path.npos) return {};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  const bool abstract = path[0] == '@';
  if (abstract) un.sun_path[0] = 0;
  const std::size_t zero = abstract ? 0 : 1;
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + zero);
  return address;
}

Result<Address> numeric_address(std::string_view host, std::uint16_t port) {
  // inet_pton would stop there and take the beginning for the whole.
  if (host.find('\0') != host.npos) return fail("not a numeric address: zero byte");
  Address address;
  std::string name(host);
  auto& v4 = as<sockaddr_in>(address);
  if (::inet_pton(AF_INET, name.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    address.length = sizeof v4;
    address.set_port(port);
    return address;
  }
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.substr(1, name.size() - 2);
  }
  std::uint32_t scope = 0;
  if (const std::size_t percent = name.find('%'); percent != name.npos) {
    scope = scope_number(name.substr(percent + 1));
    if (scope == 0) return fail(fmt::format("no such interface: {}", name.substr(percent + 1)));
    name.resize(percent);
  }
  address = {};
  auto& v6 = as<sockaddr_in6>(address);
  if (::inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) != 1) {
    return fail(fmt::format("not a numeric address: {}", host));
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_scope_id = scope;
  address.length = sizeof v6;
  address.set_port(port);
  return address;
}

}  // namespace weir::net

#include "net/interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/bytes.h"
#include "net/socket.h"

namespace weir::net {

namespace {

constexpr std::uint8_t kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A netmask need not say its own family.
Bytes address_bytes(const sockaddr* address, int family) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(address);
  if (family == AF_INET) return {from + offsetof(sockaddr_in, sin_addr), 4};
  if (family == AF_INET6) return {from + offsetof(sockaddr_in6, sin6_addr), 16};
  return {};
}

bool same_under(Bytes a, Bytes b, Bytes mask) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (((a[i] ^ b[i]) & mask[i]) != 0) return false;
  return true;
}

}  // namespace

Result<Distance> distance_to(const Address& peer) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0)
    return fail(errno_text("could not read the addresses of this machine", errno));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  int family = peer.get()->sa_family;
  Bytes wanted = address_bytes(peer.get(), family);
  if (family == AF_INET6 && std::memcmp(wanted.data(), kMapped, sizeof kMapped) == 0) {
    family = AF_INET;
    wanted = wanted.subspan(sizeof kMapped);
  }
  Distance nearest = Distance::Far;
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != family || wanted.empty()) continue;
    const Bytes own = address_bytes(at->ifa_addr, family);
    if (std::memcmp(own.data(), wanted.data(), own.size()) == 0) return Distance::SameHost;
    if (at->ifa_netmask != nullptr &&
        same_under(own, wanted, address_bytes(at->ifa_netmask, family)))
      nearest = Distance::SameNet;
  }
  return nearest;
}

}  // namespace weir::net

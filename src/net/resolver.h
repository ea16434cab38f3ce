// Host names to addresses: blocking look-ups on one thread, behind a cache with TTLs.
// Thread-safe. Each consumer (a worker) polls its own results and is told by its Notifier.
#pragma once

#include <netdb.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "net/address.h"
#include "net/notifier.h"

namespace weir::net {

// What a look-up gave: addresses, or a getaddrinfo code and its text.
struct Lookup {
  std::vector<Address> addresses{};  // port 0
  int code = 0;                      // 0, EAI_NONAME, EAI_AGAIN, ...
  std::string error{};
};

// Blocks. Numeric addresses are answered as they are; `localhost` is ::1 and 127.0.0.1 whatever
// the hosts file says, in this order. Also for the addresses to listen on, at start.
Lookup lookup_host(const std::string& host);

struct Resolution {
  std::uint64_t request = 0;
  std::vector<Address> addresses{};  // try all of them, in this order; with the port asked for
  std::string error{};               // when there are no addresses
};

// A line of SHOW DNS_HOSTS.
struct CachedName {
  std::string host{};
  Duration ttl{};
  std::vector<Address> addresses{};  // empty: the name does not exist
};

struct ResolverOptions {
  Duration max_ttl = std::chrono::seconds{15};
  Duration nxdomain_ttl = std::chrono::seconds{15};
  std::size_t queue_max = 1024;  // names waiting for a look-up
  std::size_t cache_max = 4096;
  Lookup (*lookup)(const std::string& host) = &lookup_host;
};

class Resolver {
 public:
  // The notifiers, one a consumer, must outlive the Resolver and must not call it back. The
  // thread takes over the caller's signal mask.
  Resolver(const ResolverOptions& options, std::vector<Notifier*> consumers);
  // Returns at once, even while a look-up hangs: its thread then ends by itself.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Every call gives exactly one Resolution: at once when it is cached or numeric or when the
  // queue is full (an error), else after the look-up. Callers bound their requests in flight.
  void resolve(std::uint64_t request, std::string host, std::uint16_t port,
               std::size_t consumer = 0);
  // False when nothing has come for this consumer.
  bool poll(Resolution& out, std::size_t consumer = 0);

  // For reloads; holds for entries that are cached from then on.
  void set_ttls(Duration max_ttl, Duration nxdomain_ttl);
  // Names in the cache that have not run out, sorted.
  std::vector<CachedName> names() const;
  // Requests that wait for a look-up.
  std::size_t pending() const;

 private:
  struct State;

  // Shared with the thread, which outlives the Resolver when a look-up hangs at shutdown.
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace weir::net

#include "net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "net/loop.h"

namespace weir::net {

namespace {

// A name server that does not answer is asked again soon: its outage must not outlive it here.
constexpr Duration kRetryTtl = std::chrono::seconds{1};

struct Request {
  std::uint64_t id = 0;
  std::string host{};
  std::uint16_t port = 0;
  std::size_t consumer = 0;
};

struct Entry {
  Lookup lookup;
  Instant until;
};

struct Consumer {
  Notifier* notifier = nullptr;
  std::deque<Resolution> results{};
};

bool is_absent(int code) { return code == EAI_NONAME || code == EAI_NODATA; }

Resolution resolution(const Request& request, const Lookup& lookup) {
  Resolution out{.request = request.id, .addresses = lookup.addresses, .error = lookup.error};
  for (Address& address : out.addresses) address.set_port(request.port);
  return out;
}

Lookup system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  Lookup out;
  out.code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (out.code != 0) {
    out.error = fmt::format("could not resolve {}: {}", host, ::gai_strerror(out.code));
    return out;
  }
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    Address address;
    if (at->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.length = at->ai_addrlen;
    if (std::ranges::find(out.addresses, address) == out.addresses.end()) {
      out.addresses.push_back(address);
    }
  }
  ::freeaddrinfo(list);
  if (out.addresses.empty()) {
    out.code = EAI_NODATA;
    out.error = fmt::format("could not resolve {}: no addresses", host);
  }
  return out;
}

}  // namespace

Lookup lookup_host(const std::string& host) {
  if (auto numeric = numeric_address(host, 0)) return {.addresses = {*numeric}};
  if (host == "localhost") {
    return {.addresses = {*numeric_address("::1", 0), *numeric_address("127.0.0.1", 0)}};
  }
  return system_lookup(host);
}

struct Resolver::State {
  mutable std::mutex mutex;  // over everything below
  std::condition_variable arrived;
  ResolverOptions options;
  std::vector<Consumer> consumers;
  std::deque<Request> queue;
  std::map<std::string, Entry> cache;
  bool stopped = false;
  bool looking_up = false;
  std::size_t looking_up_for = 0;  // requests

  const Entry* cached(const std::string& host, Instant now) const;
  void remember(const std::string& host, const Lookup& lookup, Instant now);
  void answer(const Request& request, const Lookup& lookup);
  std::vector<Request> take_next();
  void run();
};

const Entry* Resolver::State::cached(const std::string& host, Instant now) const {
  const auto found = cache.find(host);
  return found != cache.end() && found->second.until > now ? &found->second : nullptr;
}

void Resolver::State::remember(const std::string& host, const Lookup& lookup, Instant now) {
  Duration ttl = options.max_ttl;
  if (lookup.code != 0) {
    ttl = is_absent(lookup.code) ? options.nxdomain_ttl : std::min(kRetryTtl, options.nxdomain_ttl);
  }
  if (cache.size() >= options.cache_max && !cache.contains(host)) {
    std::erase_if(cache, [now](const auto& item) { return item.second.until <= now; });
    if (cache.size() >= options.cache_max) cache.erase(cache.begin());
  }
  cache.insert_or_assign(host, Entry{.lookup = lookup, .until = now + ttl});
}

void Resolver::State::answer(const Request& request, const Lookup& lookup) {
  Consumer& consumer = consumers[request.consumer];
  consumer.results.push_back(resolution(request, lookup));
  if (consumer.results.size() == 1) consumer.notifier->notify();
}

// The oldest request and all others that ask for the same name.
std::vector<Request> Resolver::State::take_next() {
  std::vector<Request> same;
  const std::string host = queue.front().host;
  std::erase_if(queue, [&](Request& request) {
    if (request.host != host) return false;
    same.push_back(std::move(request));
    return true;
  });
  return same;
}

void Resolver::State::run() {
  ::pthread_setname_np(::pthread_self(), "weir-resolver");
  std::unique_lock lock(mutex);
  for (;;) {
    arrived.wait(lock, [this] { return stopped || !queue.empty(); });
    if (stopped) return;
    const std::vector<Request> same = take_next();
    const std::string& host = same.front().host;
    auto* const look_up = options.lookup;
    looking_up = true;
    looking_up_for = same.size();
    lock.unlock();
    const Lookup found = look_up(host);
    lock.lock();
    looking_up = false;
    looking_up_for = 0;
    if (stopped) return;
    remember(host, found, read_clock());
    for (const Request& request : same) answer(request, found);
    // Those that came for this name while it was looked up need no second look-up.
    std::erase_if(queue, [&](const Request& request) {
      if (request.host != host) return false;
      answer(request, found);
      return true;
    });
  }
}

Resolver::Resolver(const ResolverOptions& options, std::vector<Notifier*> consumers)
    : state_(std::make_shared<State>()) {
  ASSERT(!consumers.empty());
  state_->options = options;
  for (Notifier* notifier : consumers) {
    ASSERT(notifier != nullptr);
    state_->consumers.push_back({.notifier = notifier});
  }
  thread_ = std::thread([state = state_] { state->run(); });
}

Resolver::~Resolver() {
  bool hangs = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    hangs = state_->looking_up;
  }
  state_->arrived.notify_one();
  if (hangs) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Resolver::resolve(std::uint64_t request, std::string host, std::uint16_t port,
                       std::size_t consumer) {
  Request wanted{.id = request, .host = std::move(host), .port = port, .consumer = consumer};
  const bool known = wanted.host == "localhost" || numeric_address(wanted.host, port).has_value();
  const std::lock_guard lock(state_->mutex);
  ASSERT(consumer < state_->consumers.size());
  if (known) {
    state_->answer(wanted, lookup_host(wanted.host));
  } else if (const Entry* entry = state_->cached(wanted.host, read_clock())) {
    state_->answer(wanted, entry->lookup);
  } else if (state_->queue.size() >= state_->options.queue_max) {
    state_->answer(wanted, {.code = EAI_AGAIN, .error = "too many names wait for a look-up"});
  } else {
    state_->queue.push_back(std::move(wanted));
    state_->arrived.notify_one();
  }
}

bool Resolver::poll(Resolution& out, std::size_t consumer) {
  const std::lock_guard lock(state_->mutex);
  ASSERT(consumer < state_->consumers.size());
  std::deque<Resolution>& results = state_->consumers[consumer].results;
  if (results.empty()) return false;
  out = std::move(results.front());
  results.pop_front();
  return true;
}

void Resolver::set_ttls(Duration max_ttl, Duration nxdomain_ttl) {
  const std::lock_guard lock(state_->mutex);
  state_->options.max_ttl = max_ttl;
  state_->options.nxdomain_ttl = nxdomain_ttl;
}

std::vector<CachedName> Resolver::names() const {
  const Instant now = read_clock();
  const std::lock_guard lock(state_->mutex);
  std::vector<CachedName> out;
  for (const auto& [host, entry] : state_->cache) {
    if (entry.until <= now) continue;
    out.push_back({.host = host, .ttl = entry.until - now, .addresses = entry.lookup.addresses});
  }
  return out;
}

std::size_t Resolver::pending() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size() + state_->looking_up_for;
}

}  // namespace weir::net

#include "net/resolver.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/loop.h"

using namespace weir;
using namespace weir::net;
using namespace std::chrono_literals;

namespace {

// A name service under the test's control. Look-ups are plain function pointers, so its state is
// the file's.
struct Service {
  std::mutex mutex;
  std::condition_variable changed;
  int calls = 0;
  int closed_gates = 0;  // `slow` waits while there are any

  void reset() {
    const std::lock_guard lock(mutex);
    calls = 0;
  }
  int count() {
    const std::lock_guard lock(mutex);
    return calls;
  }
  void gate(int change) {
    const std::lock_guard lock(mutex);
    closed_gates += change;
    changed.notify_all();
  }
  void wait_for_calls(int wanted) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 20s, [&] { return calls >= wanted; }));
  }
};

Service& service() {
  static Service only;
  return only;
}

Lookup fake_lookup(const std::string& host) {
  Service& state = service();
  std::unique_lock lock(state.mutex);
  ++state.calls;
  state.changed.notify_all();
  if (host == "slow") state.changed.wait(lock, [&] { return state.closed_gates == 0; });
  if (host == "absent") return {.code = EAI_NONAME, .error = "absent: unknown name"};
  if (host == "flaky") return {.code = EAI_AGAIN, .error = "flaky: no answer"};
  return {.addresses = {*numeric_address("10.0.0.1", 0), *numeric_address("10.0.0.2", 0)}};
}

// A consumer: waits on its own loop for results.
struct Waiter {
  std::unique_ptr<Loop> loop = std::move(*Loop::create());

  Resolution next(Resolver& resolver, std::size_t consumer = 0) {
    Resolution out;
    const Instant end = read_clock() + 20s;
    while (!resolver.poll(out, consumer)) {
      REQUIRE(read_clock() < end);
      loop->wait(end - read_clock());
    }
    return out;
  }
};

ResolverOptions fake_options() {
  service().reset();
  return {.lookup = &fake_lookup};
}

}  // namespace

TEST_CASE("localhost is both loopback addresses, at once") {
  Waiter waiter;
  Resolver resolver({}, {waiter.loop.get()});
  resolver.resolve(7, "localhost", 5432);
  Resolution got;
  REQUIRE(resolver.poll(got));
  CHECK(got.request == 7);
  CHECK(got.error.empty());
  CHECK(got.addresses ==
        std::vector<Address>{*numeric_address("::1", 5432), *numeric_address("127.0.0.1", 5432)});
  waiter.loop->wait(1s);
  CHECK(waiter.loop->woken());
  CHECK_FALSE(resolver.poll(got));
}

TEST_CASE("a numeric host needs no look-up") {
  Waiter waiter;
  Resolver resolver(fake_options(), {waiter.loop.get()});
  resolver.resolve(1, "192.0.2.1", 5433);
  const Resolution got = waiter.next(resolver);
  CHECK(got.addresses == std::vector<Address>{*numeric_address("192.0.2.1", 5433)});
  CHECK(service().count() == 0);
}

TEST_CASE("the system says that an invalid name does not exist") {
  Waiter waiter;
  Resolver resolver({}, {waiter.loop.get()});
  // No name server can be asked for a label of more than 63 bytes.
  const std::string invalid(70, 'a');
  resolver.resolve(2, invalid, 5432);
  const Resolution got = waiter.next(resolver);
  CHECK(got.request == 2);
  CHECK(got.addresses.empty());
  CHECK(got.error.starts_with("could not resolve " + invalid + ": "));
}

TEST_CASE("found names are cached, whatever the port") {
  Waiter waiter;
  Resolver resolver(fake_options(), {waiter.loop.get()});
  resolver.resolve(1, "db", 5432);
  CHECK(waiter.next(resolver).addresses[1] == *numeric_address("10.0.0.2", 5432));
  resolver.resolve(2, "db", 5433);
  Resolution got;
  REQUIRE(resolver.poll(got));
  CHECK(got.addresses[0] == *numeric_address("10.0.0.1", 5433));
  CHECK(service().count() == 1);
  const std::vector<CachedName> names = resolver.names();
  REQUIRE(names.size() == 1);
  CHECK(names[0].host == "db");
  CHECK(names[0].addresses.size() == 2);
  CHECK(names[0].ttl <= 15s);
  CHECK(names[0].ttl > 5s);
}

TEST_CASE("absent names are cached too, for their own time") {
  Waiter waiter;
  ResolverOptions options = fake_options();
  options.nxdomain_ttl = 3600s;
  options.max_ttl = 0s;
  Resolver resolver(options, {waiter.loop.get()});
  for (std::uint64_t i = 0; i < 3; ++i) {
    resolver.resolve(i, "absent", 1);
    CHECK(waiter.next(resolver).error == "absent: unknown name");
    resolver.resolve(i, "db", 1);
    CHECK(waiter.next(resolver).addresses.size() == 2);
  }
  CHECK(service().count() == 1 + 3);
  CHECK(resolver.names().size() == 1);
  resolver.set_ttls(3600s, 0s);
  resolver.resolve(9, "db", 1);
  (void)waiter.next(resolver);
  resolver.resolve(9, "db", 1);
  (void)waiter.next(resolver);
  CHECK(service().count() == 1 + 3 + 1);
}

TEST_CASE("a name server's silence is forgotten soon") {
  Waiter waiter;
  ResolverOptions options = fake_options();
  options.nxdomain_ttl = 3600s;
  Resolver resolver(options, {waiter.loop.get()});
  resolver.resolve(1, "flaky", 1);
  CHECK(waiter.next(resolver).error == "flaky: no answer");
  for (const CachedName& name : resolver.names()) CHECK(name.ttl <= 1s);
}

TEST_CASE("requests for one name share a look-up, and the queue has an end") {
  Waiter waiter;
  ResolverOptions options = fake_options();
  options.queue_max = 2;
  options.max_ttl = 0s;
  Resolver resolver(options, {waiter.loop.get()});
  service().gate(1);
  resolver.resolve(1, "slow", 1);
  service().wait_for_calls(1);
  resolver.resolve(2, "slow", 1);
  resolver.resolve(3, "other", 1);
  CHECK(resolver.pending() == 3);
  resolver.resolve(4, "third", 1);
  const Resolution refused = waiter.next(resolver);
  CHECK(refused.request == 4);
  CHECK(refused.error == "too many names wait for a look-up");
  service().gate(-1);
  CHECK(waiter.next(resolver).request == 1);
  CHECK(waiter.next(resolver).request == 2);
  CHECK(waiter.next(resolver).request == 3);
  CHECK(service().count() == 2);
  CHECK(resolver.pending() == 0);
}

TEST_CASE("the cache has an end") {
  Waiter waiter;
  ResolverOptions options = fake_options();
  options.cache_max = 10;
  Resolver resolver(options, {waiter.loop.get()});
  for (std::uint64_t i = 0; i < 50; ++i) {
    resolver.resolve(i, "host" + std::to_string(i), 1);
    CHECK(waiter.next(resolver).request == i);
  }
  CHECK(resolver.names().size() == 10);
}

TEST_CASE("each consumer gets its own results") {
  Waiter first;
  Waiter second;
  Resolver resolver(fake_options(), {first.loop.get(), second.loop.get()});
  resolver.resolve(1, "a", 1, 0);
  resolver.resolve(2, "b", 1, 1);
  CHECK(second.next(resolver, 1).request == 2);
  CHECK(first.next(resolver, 0).request == 1);
  Resolution none;
  CHECK_FALSE(resolver.poll(none, 0));
  CHECK_FALSE(resolver.poll(none, 1));
}

TEST_CASE("many requests from several threads are all answered") {
  Waiter waiter;
  Resolver resolver(fake_options(), {waiter.loop.get()});
  std::vector<std::thread> callers;
  for (std::uint64_t t = 0; t < 3; ++t) {
    callers.emplace_back([&resolver, t] {
      for (std::uint64_t i = 0; i < 300; ++i) {
        resolver.resolve(t * 300 + i, "host" + std::to_string(i % 40), 1);
      }
    });
  }
  std::vector<int> seen(900, 0);
  for (int i = 0; i < 900; ++i) ++seen[waiter.next(resolver).request];
  for (std::thread& caller : callers) caller.join();
  CHECK(seen == std::vector<int>(900, 1));
}

TEST_CASE("the end does not wait for a look-up that hangs") {
  Waiter waiter;
  service().gate(1);
  const Instant start = read_clock();
  {
    Resolver resolver(fake_options(), {waiter.loop.get()});
    resolver.resolve(1, "slow", 1);
    service().wait_for_calls(1);
  }
  CHECK(read_clock() - start < 4s);
  service().gate(-1);
  waiter.loop->wait(20ms);
  CHECK_FALSE(waiter.loop->woken());
}

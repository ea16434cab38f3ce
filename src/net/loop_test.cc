#include "net/loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "net/test_sockets.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<Loop> make_loop() {
  auto loop = Loop::create();
  REQUIRE(loop.has_value());
  return std::move(*loop);
}

// The next event of this token, skipping others; token 0 in the answer means none came in time.
Ready next_event(Loop& loop, std::uint64_t token) {
  const Instant end = read_clock() + 20s;
  while (read_clock() < end) {
    for (const Ready& ready : loop.wait(end - read_clock())) {
      if (ready.token == token) return ready;
    }
  }
  return {};
}

bool is_quiet(Loop& loop) { return loop.wait(20ms).empty(); }

}  // namespace

TEST_CASE("a connecting socket says writable once, whenever it is added") {
  const Fd listener = loopback_listener();
  auto loop = make_loop();
  auto client = connect_start(*local_address(listener.get()));
  REQUIRE(client.has_value());
  SUBCASE("at once") {}
  SUBCASE("after it is connected") { REQUIRE(wait_for(client->get(), POLLOUT)); }
  REQUIRE(loop->add(client->get(), 7).has_value());
  const Ready ready = next_event(*loop, 7);
  CHECK(ready.writable);
  CHECK_FALSE(ready.error);
  CHECK_FALSE(ready.hangup);
  CHECK(connect_error(client->get()) == 0);
  CHECK(is_quiet(*loop));
}

TEST_CASE("a refused connection is an error event") {
  Address nobody;
  {
    const Fd listener = loopback_listener();
    nobody = *local_address(listener.get());
  }
  auto loop = make_loop();
  auto client = connect_start(nobody);
  if (!client) return;
  REQUIRE(loop->add(client->get(), 7).has_value());
  const Ready ready = next_event(*loop, 7);
  CHECK(ready.error);
  CHECK(ready.writable);
  CHECK(ready.readable);
  CHECK(connect_error(client->get()) == ECONNREFUSED);
}

TEST_CASE("a listener is reported until everybody is accepted, in every loop that has it") {
  const Fd listener = loopback_listener();
  auto loop = make_loop();
  auto other = make_loop();
  REQUIRE(loop->add_listener(listener.get(), 1).has_value());
  REQUIRE(other->add_listener(listener.get(), 2).has_value());
  const auto first = connect_start(*local_address(listener.get()));
  const auto second = connect_start(*local_address(listener.get()));
  CHECK(next_event(*loop, 1).readable);
  Address peer;
  int error = 0;
  CHECK(accept_one(listener.get(), peer, error).has_value());
  CHECK(next_event(*loop, 1).readable);
  CHECK(accept_one(listener.get(), peer, error).has_value());
  CHECK(is_quiet(*loop));
  loop->remove(listener.get());
  const auto third = connect_start(*local_address(listener.get()));
  CHECK(next_event(*other, 2).readable);
  CHECK(is_quiet(*loop));
}

TEST_CASE("events are edges: no second one without new data") {
  const Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  CHECK(next_event(*loop, 3).writable);
  REQUIRE(send_text(pair.client.get(), "abcdef").n == 6);
  CHECK(next_event(*loop, 3).readable);
  CHECK(is_quiet(*loop));
  std::array<std::uint8_t, 2> small{};
  CHECK(receive(pair.server.get(), small).n == 2);
  CHECK(is_quiet(*loop));
  REQUIRE(send_text(pair.client.get(), "g").n == 1);
  CHECK(next_event(*loop, 3).readable);
  CHECK(receive_text(pair.server.get()) == "cdefg");
}

TEST_CASE("data that arrive between the last receive and the wait are reported") {
  const Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  (void)next_event(*loop, 3);
  for (int i = 0; i < 200; ++i) {
    std::array<std::uint8_t, 16> buffer{};
    REQUIRE(receive(pair.server.get(), buffer).again);
    REQUIRE(send_text(pair.client.get(), "x").n == 1);
    REQUIRE(next_event(*loop, 3).readable);
    REQUIRE(receive_text(pair.server.get()) == "x");
  }
}

TEST_CASE("a reader that stops at a short receive loses no event against a writing thread") {
  const Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  constexpr int kWrites = 3000;
  std::thread writer([&pair] {
    for (int i = 0; i < kWrites; ++i) {
      while (send_text(pair.client.get(), "0123456").again) std::this_thread::yield();
    }
  });
  std::vector<std::uint8_t> buffer(1 << 16);
  ssize_t total = 0;
  while (total < kWrites * 7) {
    if (next_event(*loop, 3).token != 3) break;
    IoResult got;
    do {
      got = receive(pair.server.get(), buffer);
      total += got.n;
    } while (got.n == static_cast<ssize_t>(buffer.size()));
  }
  writer.join();
  CHECK(total == kWrites * 7);
}

TEST_CASE("a blocked writer hears when there is room again") {
  const Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.client.get(), 5).has_value());
  CHECK(next_event(*loop, 5).writable);
  const std::string block(1 << 20, 'x');
  while (send_text(pair.client.get(), block).n > 0) {
  }
  CHECK(is_quiet(*loop));
  bool writable = false;
  for (int i = 0; i < 1000 && !writable; ++i) {
    (void)receive_text(pair.server.get());
    for (const Ready& ready : loop->wait(20ms)) writable = writable || ready.writable;
  }
  CHECK(writable);
  CHECK(send_text(pair.client.get(), "x").n == 1);
}

TEST_CASE("a FIN is a readable hangup, with the data before it still there") {
  const Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  (void)next_event(*loop, 3);
  REQUIRE(send_text(pair.client.get(), "last").n == 4);
  shutdown_write(pair.client.get());
  Ready ready = next_event(*loop, 3);
  if (!ready.hangup) ready = next_event(*loop, 3);
  CHECK(ready.hangup);
  CHECK(ready.readable);
  CHECK_FALSE(ready.error);
  CHECK(receive_text(pair.server.get()) == "last");
  std::array<std::uint8_t, 4> buffer{};
  CHECK(receive(pair.server.get(), buffer).closed);
}

TEST_CASE("an RST is an error and a hangup") {
  Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  (void)next_event(*loop, 3);
  reset_connection(pair.client);
  const Ready ready = next_event(*loop, 3);
  CHECK(ready.error);
  CHECK(ready.hangup);
  CHECK(ready.readable);
  std::array<std::uint8_t, 4> buffer{};
  CHECK(receive(pair.server.get(), buffer).error == ECONNRESET);
}

TEST_CASE("what was ready before it was added is reported") {
  Pair pair = tcp_pair();
  REQUIRE(send_text(pair.client.get(), "early").n == 5);
  pair.client.reset();
  REQUIRE(wait_for(pair.server.get(), POLLIN));
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  const Ready ready = next_event(*loop, 3);
  CHECK(ready.readable);
  CHECK(ready.hangup);
  CHECK(receive_text(pair.server.get()) == "early");
}

TEST_CASE("a removed or closed descriptor is silent; adding twice is refused") {
  Pair pair = tcp_pair();
  auto loop = make_loop();
  REQUIRE(loop->add(pair.server.get(), 3).has_value());
  CHECK_FALSE(loop->add(pair.server.get(), 4).has_value());
  (void)next_event(*loop, 3);
  loop->remove(pair.server.get());
  loop->remove(pair.server.get());
  REQUIRE(send_text(pair.client.get(), "x").n == 1);
  CHECK(is_quiet(*loop));
  REQUIRE(loop->add(pair.server.get(), 4).has_value());
  CHECK(next_event(*loop, 4).readable);
  pair.server.reset();
  CHECK(is_quiet(*loop));
}

TEST_CASE("a turn gives at most its number of events and the next one the others") {
  const Fd listener = loopback_listener();
  auto loop = make_loop();
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < Loop::kEventsMax + 20; ++i) {
    pairs.push_back(connect_pair(listener.get()));
    REQUIRE(loop->add(pairs.back().server.get(), i).has_value());
  }
  std::vector<int> seen(pairs.size(), 0);
  const auto first = loop->wait(1s);
  CHECK(first.size() == Loop::kEventsMax);
  for (const Ready& ready : first) ++seen[ready.token];
  for (const Ready& ready : loop->wait(1s)) ++seen[ready.token];
  CHECK(seen == std::vector<int>(pairs.size(), 1));
}

TEST_CASE("time stands still between waits and a timeout is not cut short") {
  auto loop = make_loop();
  const Instant before = loop->now();
  std::this_thread::sleep_for(2ms);
  CHECK(loop->now() == before);
  CHECK(loop->wait(1500us).empty());
  CHECK(loop->now() - before >= 3500us);
  CHECK_FALSE(loop->woken());
  CHECK(loop->wait(0us).empty());
}

TEST_CASE("a wake ends the wait once, however many there were") {
  auto loop = make_loop();
  for (int i = 0; i < 1000; ++i) loop->wake();
  CHECK(loop->wait(Loop::kForever).empty());
  CHECK(loop->woken());
  CHECK(loop->wait(10ms).empty());
  CHECK_FALSE(loop->woken());
  loop->notify();
  CHECK(loop->wait(Loop::kForever).empty());
  CHECK(loop->woken());
}

TEST_CASE("wakes from another thread are never lost") {
  auto loop = make_loop();
  constexpr int kRounds = 5000;
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::thread other([&] {
    for (int i = 1; i <= kRounds; ++i) {
      asked.store(i, std::memory_order_relaxed);
      loop->wake();
      if (i % 3 == 0) {
        while (answered.load(std::memory_order_acquire) < i) std::this_thread::yield();
      }
    }
  });
  bool lost = false;
  while (answered.load(std::memory_order_relaxed) < kRounds && !lost) {
    loop->wait(30s);
    lost = !loop->woken();
    answered.store(asked.load(std::memory_order_relaxed), std::memory_order_release);
  }
  CHECK_FALSE(lost);
  answered.store(kRounds, std::memory_order_release);
  other.join();
}

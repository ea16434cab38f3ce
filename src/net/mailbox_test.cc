#include "net/mailbox.h"

#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

#include "net/loop.h"

using namespace weir::net;

TEST_CASE("only the push into an empty box wakes") {
  Mailbox<int> box(8);
  CHECK(box.push(1) == Push::kWake);
  CHECK(box.push(2) == Push::kQueued);
  CHECK(box.size() == 2);
  std::vector<int> out;
  box.drain(out);
  CHECK(out == std::vector<int>{1, 2});
  CHECK(box.size() == 0);
  CHECK(box.push(3) == Push::kWake);
  box.drain(out);
  CHECK(out == std::vector<int>{1, 2, 3});
}

TEST_CASE("a full box leaves the value with its producer") {
  Mailbox<std::unique_ptr<int>> box(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  CHECK(box.push(std::move(first)) == Push::kWake);
  CHECK(box.push(std::move(second)) == Push::kFull);
  REQUIRE(second != nullptr);
  std::vector<std::unique_ptr<int>> out;
  box.drain(out);
  REQUIRE(out.size() == 1);
  CHECK(*out[0] == 1);
  CHECK(box.push(std::move(second)) == Push::kWake);
}

TEST_CASE("producers on other threads lose nothing, keep their order and wake the loop") {
  constexpr int kProducers = 3;
  constexpr int kEach = 5000;
  auto loop = Loop::create();
  REQUIRE(loop.has_value());
  Mailbox<int> box(64);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) {
        Push pushed = Push::kFull;
        while ((pushed = box.push(p * kEach + i)) == Push::kFull) std::this_thread::yield();
        if (pushed == Push::kWake) (*loop)->wake();
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  std::vector<int> out;
  int received = 0;
  bool in_order = true;
  while (received < kProducers * kEach) {
    // A lost wake-up shows as a timeout with messages waiting.
    (*loop)->wait(std::chrono::seconds{20});
    if (!(*loop)->woken()) break;
    out.clear();
    box.drain(out);
    for (const int value : out) {
      int& expected = next[static_cast<std::size_t>(value / kEach)];
      in_order = in_order && expected == value % kEach;
      ++expected;
    }
    received += static_cast<int>(out.size());
  }
  for (std::thread& producer : producers) producer.join();
  CHECK(received == kProducers * kEach);
  CHECK(in_order);
}

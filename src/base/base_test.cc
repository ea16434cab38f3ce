#include <doctest/doctest.h>

#include <deque>
#include <random>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/ring.h"
#include "base/slab.h"

using namespace weir;

TEST_CASE("a reader's first failure sticks") {
  const std::uint8_t raw[] = {1, 0, 2, 'h', 'i', 0, 9};
  Reader in(raw);
  CHECK(in.u8() == 1);
  CHECK(in.u16() == 2);
  CHECK(in.cstr() == "hi");
  CHECK(in.left() == 1);
  CHECK(in.u32() == 0);
  CHECK(!in.ok());
  CHECK(in.u8() == 0);  // one byte is there, but the reader has failed
  CHECK(in.rest().empty());
  CHECK(!in.done());
}

namespace {

struct Thing {
  Thing(ClientId the_id, int v) : id(the_id), value(v) {}
  ClientId id;
  int value;
  Link<Thing> link;
};

}  // namespace

TEST_CASE("a stale id finds nothing, even when its slot is used again") {
  Slab<Thing, ClientId> slab;
  const ClientId first = slab.emplace(1).id;
  slab.erase(first);
  CHECK(slab.find(first) == nullptr);
  const ClientId second = slab.emplace(2).id;
  CHECK(second.index == first.index);
  CHECK(slab.find(first) == nullptr);
  REQUIRE(slab.find(second) != nullptr);
  CHECK(slab.find(second)->value == 2);
  CHECK(slab.find(ClientId{}) == nullptr);
  CHECK(slab.find(ClientId{.index = 100000, .generation = 0}) == nullptr);
}

TEST_CASE("a slab's objects stay where they are") {
  Slab<Thing, ClientId> slab;
  std::vector<Thing*> things;
  for (int i = 0; i < 1000; ++i) things.push_back(&slab.emplace(i));
  int sum = 0;
  slab.for_each([&](Thing& t) { sum += t.value; });
  CHECK(sum == 499500);
  for (int i = 0; i < 1000; ++i) CHECK(things[static_cast<std::size_t>(i)]->value == i);
  CHECK(slab.size() == 1000);
}

TEST_CASE("a list against a deque") {
  Slab<Thing, ClientId> slab;
  List<Thing> list;
  std::deque<Thing*> model;
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const auto choice = random() % 3;
    if (choice == 0 || model.empty()) {
      Thing& t = slab.emplace(round);
      const bool front = random() % 2 == 0;
      front ? list.push_front(t) : list.push_back(t);
      front ? model.push_front(&t) : model.push_back(&t);
    } else if (choice == 1) {
      const auto at = static_cast<std::ptrdiff_t>(random() % model.size());
      list.remove(*model[static_cast<std::size_t>(at)]);
      model.erase(model.begin() + at);
    }
    CHECK(list.size() == model.size());
    std::deque<Thing*> seen;
    list.for_each([&](Thing& t) { seen.push_back(&t); });
    CHECK(seen == model);
    CHECK(list.back() == (model.empty() ? nullptr : model.back()));
  }
  while (list.front() != nullptr) list.remove(*list.front());
}

TEST_CASE("a ring against a deque") {
  Ring<int> ring;
  std::deque<int> model;
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    const auto choice = random() % 5;
    if (choice < 3 || model.empty()) {
      ring.push(round);
      model.push_back(round);
    } else if (choice == 3) {
      ring.pop();
      model.pop_front();
    } else {
      ring.pop_back();
      model.pop_back();
    }
    REQUIRE(ring.size() == model.size());
    for (std::size_t i = 0; i < model.size(); ++i) REQUIRE(ring[i] == model[i]);
  }
}

TEST_CASE("an arena's bytes stay until it is reset, whatever their size") {
  Arena arena;
  std::vector<std::pair<Bytes, std::string>> made;
  std::mt19937 random(9);
  for (int i = 0; i < 400; ++i) {
    std::string text(random() % (i % 50 == 0 ? 200000 : 500), static_cast<char>('a' + i % 26));
    made.emplace_back(arena.copy(as_bytes(text)), text);
  }
  for (const auto& [bytes, text] : made) CHECK(as_text(bytes) == text);
  arena.reset();
  CHECK(as_text(arena.copy(as_bytes("again"))) == "again");
}

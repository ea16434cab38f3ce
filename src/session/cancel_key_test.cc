#include "session/cancel_key.h"

#include <doctest/doctest.h>

using namespace weir;
namespace cancel_key = session::cancel_key;

namespace {

class Constant final : public Random {
 public:
  explicit Constant(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override {
    for (auto& b : out) b = byte_;
  }

 private:
  std::uint8_t byte_;
};

}  // namespace

TEST_CASE("keys are laid out as PgBouncer's") {
  Constant ones(0xff), zeros(0);
  CHECK(cancel_key::make(ones, 5, 0x1234) == 0x7f341205ffffffff);
  CHECK(cancel_key::make(zeros, 0, 1) == 0x0001000000000003);
  // As PgBouncer 1.26.1 with peer_id 1 has made it.
  CHECK(cancel_key::peer(0x6201004d8b7b432f) == 1);
  CHECK(cancel_key::hops(0x6201004d8b7b432f) == 3);
}

TEST_CASE("what was put into a key is found in it") {
  Constant random(0x5a);
  for (const int peer : {0, 1, 255, 256, 16383})
    for (const unsigned worker : {0u, 1u, 63u}) {
      const std::uint64_t key = cancel_key::make(random, worker, peer);
      CHECK(cancel_key::peer(key) == peer);
      CHECK(cancel_key::worker(key) == worker);
      CHECK(cancel_key::hops(key) == cancel_key::kHops);
      CHECK(cancel_key::home(key - 2) == key);
    }
}

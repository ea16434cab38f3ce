// Virtual time: what will happen, ordered by when and, at one moment, by the seed.
// Everything random of a run comes from here, so a seed repeats a run exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace weir::sim {

class Prng final : public Random {
 public:
  explicit Prng(std::uint64_t seed) : state_(seed) {}

  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t next();
  std::uint64_t below(std::uint64_t n) { return n <= 1 ? 0 : next() % n; }
  // Both ends included.
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool percent(int p) { return static_cast<int>(below(100)) < p; }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::uint64_t state_;
};

class World {
 public:
  World(std::uint64_t seed, bool verbose) : random(seed), verbose_(verbose) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Instant now() const { return now_; }
  void after(Duration delay, std::function<void()> what);
  // Carries out the next event; false where there is none.
  bool step();

  // The first failure of a run is the one that counts.
  void fail(std::string what);
  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }

  bool verbose() const { return verbose_; }
  void trace(const std::string& line) const;

  std::uint64_t steps() const { return steps_; }

  Prng random;

 private:
  struct Event {
    Instant when;
    std::uint64_t order;
    std::uint64_t number;
    std::function<void()> what;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const;
  };

  Instant now_{};
  std::uint64_t steps_ = 0;
  std::uint64_t next_number_ = 0;
  std::vector<Event> events_;  // a heap
  std::string failure_;
  bool verbose_;
};

}  // namespace weir::sim

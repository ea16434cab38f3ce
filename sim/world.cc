#include "world.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

namespace weir::sim {

// splitmix64: every seed is as good as any other.
std::uint64_t Prng::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void Prng::fill(std::span<std::uint8_t> out) {
  for (auto& byte : out) byte = static_cast<std::uint8_t>(next());
}

bool World::Later::operator()(const Event& a, const Event& b) const {
  return std::tie(a.when, a.order, a.number) > std::tie(b.when, b.order, b.number);
}

void World::after(Duration delay, std::function<void()> what) {
  events_.push_back({now_ + delay, random.next(), next_number_++, std::move(what)});
  std::ranges::push_heap(events_, Later{});
}

bool World::step() {
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, Later{});
  Event event = std::move(events_.back());
  events_.pop_back();
  now_ = event.when;
  ++steps_;
  event.what();
  return true;
}

void World::fail(std::string what) {
  trace("FAILED: " + what);
  if (failure_.empty()) failure_ = std::move(what);
}

void World::trace(const std::string& line) const {
  if (!verbose_) return;
  std::printf("%12.6f %s\n", static_cast<double>(now_.time_since_epoch().count()) / 1e6,
              line.c_str());
}

}  // namespace weir::sim

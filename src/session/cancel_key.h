// How a cancel key's first 8 bytes are laid out, so that PgBouncer and Weir can pass on each
// other's cancel requests: byte 0 below 0x80, bytes 1 and 2 the peer, little-endian, the low two
// bits of the last byte the hops left. Byte 3 is ours: the worker. The rest is random.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/random.h"

namespace weir::session::cancel_key {

inline constexpr std::uint64_t kHops = 3;

inline std::uint64_t make(Random& random, unsigned worker, int peer) {
  std::array<std::uint8_t, 8> raw{};
  random.fill(raw);
  raw[0] &= 0x7f;
  raw[1] = static_cast<std::uint8_t>(peer);
  raw[2] = static_cast<std::uint8_t>(peer >> 8);
  raw[3] = static_cast<std::uint8_t>(worker);
  raw[7] |= kHops;
  return (std::uint64_t{load_u32(raw.data())} << 32) | load_u32(raw.data() + 4);
}

constexpr unsigned worker(std::uint64_t key) { return (key >> 32) & 0xff; }
constexpr int peer(std::uint64_t key) {
  return static_cast<int>(((key >> 48) & 0xff) | ((key >> 32) & 0xff00));
}
constexpr std::uint64_t hops(std::uint64_t key) { return key & kHops; }
// As its owner made it, however far it has come.
constexpr std::uint64_t home(std::uint64_t key) { return key | kHops; }

}  // namespace weir::session::cancel_key

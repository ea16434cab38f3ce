// Handles across modules: an index and a generation, so that a stale handle finds nothing
// instead of the wrong object. Ids of different kinds are different types.
#pragma once

#include <cstdint>

namespace weir {

template <typename Tag>
struct Id {
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::uint32_t index = kNone;
  std::uint32_t generation = 0;

  bool valid() const { return index != kNone; }
  friend bool operator==(Id, Id) = default;
};

using ClientId = Id<struct ClientTag>;
using ServerId = Id<struct ServerTag>;

}  // namespace weir

// Where random bytes come from: the kernel in the program, a seed in the simulator.
#pragma once

#include <cstdint>
#include <span>

namespace weir {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace weir

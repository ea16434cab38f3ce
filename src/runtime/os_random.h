// Random bytes of the kernel.
#pragma once

#include "base/random.h"

namespace weir::runtime {

class OsRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace weir::runtime

// Rows of one size as whole messages, a quarter of a megabyte or one row at a time: the stuff that
// results and copies of any length are sent from. Built once; they live as long as this object.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "wire/write.h"

namespace weir::bench {

class Blocks {
 public:
  // Data rows ('D') of one column or copy data ('d'), in which every row ends with a newline.
  const wire::Buffer& of(std::uint8_t message_type, std::uint32_t row_size);

 private:
  std::unordered_map<std::uint64_t, std::unique_ptr<wire::Buffer>> blocks_;
};

// What a row of that size takes on the wire.
std::uint32_t message_size(std::uint8_t message_type, std::uint32_t row_size);

}  // namespace weir::bench

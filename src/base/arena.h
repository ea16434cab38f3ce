// Memory for the bytes that are made during one event: addresses stay valid until reset(),
// which keeps the first chunk, so that a steady load allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace weir {

class Arena {
 public:
  std::uint8_t* allocate(std::size_t n) {
    if (chunks_.empty() || chunks_.back().size - used_ < n) add_chunk(n);
    std::uint8_t* p = chunks_.back().memory.get() + used_;
    used_ += n;
    return p;
  }
  Bytes copy(Bytes in) {
    std::uint8_t* p = allocate(in.size());
    if (!in.empty()) std::memcpy(p, in.data(), in.size());
    return {p, in.size()};
  }
  // True when the next allocation of n bytes begins right behind `end`.
  bool adjoins(const std::uint8_t* end, std::size_t n) const {
    return !chunks_.empty() && end == chunks_.back().memory.get() + used_ &&
           chunks_.back().size - used_ >= n;
  }
  void reset() {
    if (chunks_.size() > 1) chunks_.resize(1);
    used_ = 0;
  }

 private:
  static constexpr std::size_t kChunk = 64 * 1024;

  struct Chunk {
    std::unique_ptr<std::uint8_t[]> memory;
    std::size_t size;
  };

  void add_chunk(std::size_t n) {
    if (chunks_.empty()) append(kChunk);
    if (n > kChunk || used_ != 0) append(n > kChunk ? n : kChunk);
    used_ = 0;
  }
  void append(std::size_t size) {
    chunks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(size), size});
  }

  std::vector<Chunk> chunks_;
  std::size_t used_ = 0;
};

}  // namespace weir

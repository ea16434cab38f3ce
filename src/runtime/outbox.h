// Bytes that a connection could not take yet. Empty for nearly every connection nearly always.
// Bounded by its user: whoever fills it is not read until it is empty again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace weir::runtime {

class Outbox {
 public:
  bool empty() const { return !bytes_; }
  std::size_t capacity() const { return bytes_ ? bytes_->capacity() : 0; }
  Bytes pending() const { return bytes_ ? Bytes(*bytes_).subspan(sent_) : Bytes(); }
  void append(Bytes bytes) {
    if (bytes.empty()) return;
    if (!bytes_) bytes_ = std::make_unique<std::vector<std::uint8_t>>();
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
  }
  void consume(std::size_t n) {
    sent_ += n;
    if (bytes_ && sent_ == bytes_->size()) clear();
  }
  void clear() {
    bytes_.reset();
    sent_ = 0;
  }

 private:
  std::unique_ptr<std::vector<std::uint8_t>> bytes_;
  std::size_t sent_ = 0;
};

}  // namespace weir::runtime

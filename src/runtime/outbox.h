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
  bool empty() const { return !unsent_; }
  std::size_t capacity() const { return unsent_ ? unsent_->bytes.capacity() : 0; }
  Bytes pending() const {
    return unsent_ ? Bytes(unsent_->bytes).subspan(unsent_->sent) : Bytes();
  }
  void append(Bytes bytes) {
    if (bytes.empty()) return;
    if (!unsent_) unsent_ = std::make_unique<Unsent>();
    unsent_->bytes.insert(unsent_->bytes.end(), bytes.begin(), bytes.end());
  }
  // At most what is pending.
  void consume(std::size_t n) {
    if (!unsent_) return;
    unsent_->sent += n;
    if (unsent_->sent == unsent_->bytes.size()) clear();
  }
  void clear() { unsent_.reset(); }

 private:
  struct Unsent {
    std::vector<std::uint8_t> bytes;
    std::size_t sent = 0;
  };
  std::unique_ptr<Unsent> unsent_;  // one pointer, since every connection has it
};

}  // namespace weir::runtime

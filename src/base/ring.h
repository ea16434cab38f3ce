// A queue of small values in one circular array that grows by doubling and keeps its memory.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "base/check.h"

namespace weir {

template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void push(const T& value) {
    if (size_ == capacity_) grow();
    items_[(head_ + size_) & (capacity_ - 1)] = value;
    ++size_;
  }
  void pop() {
    ASSERT(size_ > 0);
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() {
    ASSERT(size_ > 0);
    --size_;
  }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  T& operator[](std::size_t i) {
    ASSERT(i < size_);
    return items_[(head_ + i) & (capacity_ - 1)];
  }
  const T& operator[](std::size_t i) const {
    ASSERT(i < size_);
    return items_[(head_ + i) & (capacity_ - 1)];
  }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  void clear() { head_ = size_ = 0; }

 private:
  void grow() {
    const std::size_t wider = capacity_ == 0 ? 16 : capacity_ * 2;
    auto items = std::make_unique<T[]>(wider);
    for (std::size_t i = 0; i < size_; ++i) items[i] = (*this)[i];
    items_ = std::move(items);
    capacity_ = wider;
    head_ = 0;
  }

  std::unique_ptr<T[]> items_;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weir

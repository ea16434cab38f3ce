// A bounded queue of values from many threads to one, for messages between workers.
// Off the hot path, so a mutex is enough; whoever pushes into an empty box wakes the consumer.
#pragma once

#include <atomic>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"

namespace weir::net {

enum class Push {
  kQueued,  // the consumer has been or is being woken by an earlier push
  kWake,    // queued: wake the consumer now
  kFull,    // not queued: the value is untouched and still the caller's
};

template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) { ASSERT(capacity > 0); }

  [[nodiscard]] Push push(T&& value) {
    const std::lock_guard lock(mutex_);
    if (items_.size() == capacity_) return Push::kFull;
    items_.push_back(std::move(value));
    size_.store(items_.size(), std::memory_order_relaxed);
    return items_.size() == 1 ? Push::kWake : Push::kQueued;
  }

  // Appends everything in the order of arrival. An empty `out` just trades places, so that no
  // memory is asked for once both vectors have grown.
  void drain(std::vector<T>& out) {
    const std::lock_guard lock(mutex_);
    if (out.empty()) {
      out.swap(items_);
    } else {
      out.insert(out.end(), std::make_move_iterator(items_.begin()),
                 std::make_move_iterator(items_.end()));
      items_.clear();
    }
    size_.store(0, std::memory_order_relaxed);
  }

  // May be out of date as soon as it returns.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  std::size_t capacity() const { return capacity_; }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::vector<T> items_;
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace weir::net

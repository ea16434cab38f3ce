// Objects with stable addresses and recycled slots. A slot's generation grows each time it is
// freed, so an old Id no longer finds anything. Single-threaded; owns its objects.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/id.h"

namespace weir {

template <typename T, typename IdType>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for_each([this](T& object) { erase(object.id); });
  }

  // Constructs T(id, args...). T must keep the id in a member `id`.
  template <typename... Args>
  T& emplace(Args&&... args) {
    if (free_ == IdType::kNone) grow();
    const std::uint32_t index = free_;
    Slot& slot = at(index);
    free_ = slot.next_free;
    slot.used = true;
    ++size_;
    return *std::construct_at(slot.object(), IdType{index, slot.generation},
                              std::forward<Args>(args)...);
  }

  void erase(IdType id) {
    ASSERT(find(id) != nullptr);
    Slot& slot = at(id.index);
    std::destroy_at(slot.object());
    slot.used = false;
    slot.generation = (slot.generation + 1) & kGenerationMask;
    slot.next_free = free_;
    free_ = id.index;
    --size_;
  }

  T* find(IdType id) {
    if (id.index >= chunks_.size() * kChunk) return nullptr;
    Slot& slot = at(id.index);
    return slot.used && slot.generation == id.generation ? slot.object() : nullptr;
  }

  // The visited object may be erased by `visit`.
  template <typename Visit>
  void for_each(Visit visit) {
    for (auto& chunk : chunks_)
      for (std::size_t i = 0; i < kChunk; ++i)
        if (chunk[i].used) visit(*chunk[i].object());
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return chunks_.size() * kChunk; }
  static constexpr std::size_t slot_size() { return sizeof(Slot); }

  // Generations use 24 bits, so that an id packs into 64 bits beside other fields.
  static constexpr std::uint32_t kGenerationMask = 0xffffff;

 private:
  static constexpr std::size_t kChunk = 32;

  struct Slot {
    alignas(T) std::byte storage[sizeof(T)];
    std::uint32_t generation = 0;
    std::uint32_t next_free = IdType::kNone;
    bool used = false;

    T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  Slot& at(std::uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }

  void grow() {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<Slot[]>(kChunk));
    for (std::uint32_t i = kChunk; i-- > 0;) {
      chunks_.back()[i].next_free = free_;
      free_ = first + i;
    }
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  std::uint32_t free_ = IdType::kNone;
  std::size_t size_ = 0;
};

}  // namespace weir

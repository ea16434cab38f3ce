// Intrusive doubly linked list. An object is in at most one list for each Link, which does not own
// it.
#pragma once

#include <cstddef>

#include "base/check.h"

namespace weir {

// Membership of an object in one list. An object must leave its list before it is destroyed.
template <typename T>
struct Link {
  T* previous = nullptr;
  T* next = nullptr;
  const void* list = nullptr;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { ASSERT(list == nullptr); }
};

template <typename T, Link<T> T::*member = &T::link>
class List {
 public:
  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  void push_back(T& object) {
    Link<T>& link = enter(object);
    link.previous = last_;
    (last_ != nullptr ? (last_->*member).next : first_) = &object;
    last_ = &object;
  }
  void push_front(T& object) {
    Link<T>& link = enter(object);
    link.next = first_;
    (first_ != nullptr ? (first_->*member).previous : last_) = &object;
    first_ = &object;
  }
  void remove(T& object) {
    Link<T>& link = object.*member;
    ASSERT(link.list == this);
    (link.previous != nullptr ? (link.previous->*member).next : first_) = link.next;
    (link.next != nullptr ? (link.next->*member).previous : last_) = link.previous;
    link.previous = link.next = nullptr;
    link.list = nullptr;
    --size_;
  }

  T* front() const { return first_; }
  T* back() const { return last_; }
  static T* next(const T& object) { return (object.*member).next; }
  bool contains(const T& object) const { return (object.*member).list == this; }
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }

  // The visited object may leave the list during its visit; others must stay.
  template <typename Visit>
  void for_each(Visit visit) {
    for (T* object = first_; object != nullptr;) {
      T* following = next(*object);
      visit(*object);
      object = following;
    }
  }

 private:
  Link<T>& enter(T& object) {
    Link<T>& link = object.*member;
    ASSERT(link.list == nullptr);
    link.list = this;
    ++size_;
    return link;
  }

  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weir

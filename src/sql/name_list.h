// Gathers one dotted setting name at a time, and keeps the finished ones: bounded, each once.
// The work area is inside; the list belongs to the caller.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sql/examiner.h"

namespace weir::sql {

class NameList {
 public:
  // `names` may be null: then the list only counts.
  explicit NameList(std::vector<std::string>* names) : names_(names) {}

  void begin() { size_ = 0; }
  // Appends to the name under way, in lower case: PostgreSQL compares setting names without case,
  // quoted or not. A quoted word's doubled quotes are no part of any name that it accepts.
  void add(std::string_view part);
  std::string_view text() const { return {buffer_.data(), size_}; }

  // Keeps the name under way; false if it can't be kept.
  bool keep();

 private:
  std::array<char, kMaxCustomName + 1> buffer_;
  std::size_t size_ = 0;
  std::size_t kept_ = 0;
  std::vector<std::string>* names_;
};

}  // namespace weir::sql

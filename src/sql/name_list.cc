#include "sql/name_list.h"

#include <algorithm>

#include "sql/identifier.h"

namespace weir::sql {

void NameList::add(std::string_view part) {
  for (const char c : part.substr(0, buffer_.size() - size_)) buffer_[size_++] = fold(c);
}

bool NameList::keep() {
  const std::string_view name = text();
  if (name.size() > kMaxCustomName || kept_ == kMaxCustomNames) return false;
  if (name.find_first_of("'\"\\") != std::string_view::npos) return false;
  ++kept_;
  if (names_ == nullptr) return true;
  if (std::ranges::find(*names_, name) == names_->end()) names_->emplace_back(name);
  return true;
}

}  // namespace weir::sql

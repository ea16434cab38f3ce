// DEALLOCATE, read exactly: Weir answers it itself when the name is one that Weir keeps.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::sql {

struct Deallocate {
  bool all = false;
  std::string name;  // as PostgreSQL folds and cuts it (for UTF-8 databases); empty with `all`

  bool operator==(const Deallocate&) const = default;
};

// Set when `text` is one DEALLOCATE and nothing else. What PostgreSQL would refuse, a name that is
// a reserved word or empty, is not; neither is a U&"" name.
std::optional<Deallocate> parse_deallocate(std::string_view text);

}  // namespace weir::sql

// Statements that take settings back to their defaults, read exactly: a client's defaults may be
// others than those of the server that it has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::sql {

struct Reset {
  bool all = false;    // RESET ALL
  bool local = false;  // to the end of the transaction
  std::string name;    // as PostgreSQL folds it; empty with `all`

  bool operator==(const Reset&) const = default;
};

// Set when `text` is one RESET, or one SET that names DEFAULT, and nothing else.
std::optional<Reset> parse_reset(std::string_view text);

}  // namespace weir::sql

// The values of [databases], [users] and [peers]: key=value pairs, values optionally quoted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::config {

struct Pair {
  std::string key, value;
  bool operator==(const Pair&) const = default;
};

// PgBouncer's rules: blanks around = are allowed, '' inside single quotes is one quote, no value
// is empty, and so `host= port=5` gives host the value "port=5".
Result<std::vector<Pair>> parse_connection_string(std::string_view text);

}  // namespace weir::config

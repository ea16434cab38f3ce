// A value or the reason why there is none. Errors of peers and of configurations are values.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace weir {

struct Error {
  std::string text;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string text) {
  return std::unexpected(Error{std::move(text)});
}

}  // namespace weir

// The rows of a text answer as a client's Bind has asked for them: in text or in binary format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/write.h"

namespace weir::session {

class ResultFormats {
 public:
  // `asked` holds no format, one for all columns, or one for each.
  explicit ResultFormats(std::span<const std::uint16_t> asked)
      : asked_(asked.begin(), asked.end()) {}

  // Appends the body of a RowDescription, whose columns are in text format, with the formats that
  // were asked for. An error's text where they do not fit its columns.
  std::optional<std::string> describe(Bytes description, wire::Buffer& out);
  // A DataRow of the columns described before.
  void append_row(Bytes body, wire::Buffer& out) const;

 private:
  std::uint16_t format(std::size_t column) const;

  std::vector<std::uint16_t> asked_;
  std::vector<std::uint32_t> types_;
};

}  // namespace weir::session

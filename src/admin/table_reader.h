// A table that was written as protocol bytes (admin/table.h), read back: what JSON and metrics are
// made from, so that columns stand in one place. Pure; views of the bytes.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "admin/table.h"
#include "wire/write.h"

namespace weir::admin {

class TableReader {
 public:
  // Of what a SHOW function has written; the bytes outlive the reader.
  explicit TableReader(const wire::Buffer& bytes);

  using Cells = std::vector<std::optional<std::string_view>>;

  const std::vector<Column>& columns() const { return columns_; }
  // Where the column stands; there is one.
  std::size_t column(std::string_view name) const;
  // The next row's values, in the order of the columns; nullptr after the last.
  const Cells* next();

 private:
  Reader in_;
  std::vector<Column> columns_;
  Cells cells_;
};

}  // namespace weir::admin

// A table as protocol bytes: RowDescription, then a DataRow for each Row, all in text format.
// Pure; appends to a buffer that must outlive both.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "wire/write.h"

namespace weir::admin {

// PostgreSQL's OIDs.
enum class ColumnType : std::uint32_t { Int8 = 20, Int4 = 23, Text = 25, Numeric = 1700 };

struct Column {
  std::string_view name;
  ColumnType type = ColumnType::Text;
};

// One value a column, in order; the destructor asserts that none is missing.
class Row {
 public:
  Row(wire::Buffer& out, std::size_t columns);
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;
  ~Row();

  Row& text(std::string_view value);
  Row& text_or_null(std::string_view value);  // empty: NULL
  Row& null();
  Row& number(std::integral auto value) {
    if constexpr (std::is_signed_v<decltype(value)>) {
      return signed_number(value);
    } else {
      return unsigned_number(value);
    }
  }

 private:
  Row& signed_number(std::int64_t value);
  Row& unsigned_number(std::uint64_t value);

  wire::Writer writer_;
  std::size_t missing_;
};

class Table {
 public:
  Table(wire::Buffer& out, std::span<const Column> columns);
  Row row() { return Row(out_, columns_); }

 private:
  wire::Buffer& out_;
  std::size_t columns_;
};

}  // namespace weir::admin

#include "admin/table.h"

#include <fmt/format.h>

#include "base/check.h"
#include "wire/message.h"

namespace weir::admin {

namespace {

constexpr std::uint32_t kNull = 0xffffffff;  // as a value's length
constexpr std::uint32_t kNoModifier = 0xffffffff;

// Bytes of a value of the type, -1 where it varies.
std::uint16_t type_size(ColumnType type) {
  switch (type) {
    case ColumnType::Int8: return 8;
    case ColumnType::Int4: return 4;
    case ColumnType::Text:
    case ColumnType::Numeric: return 0xffff;
  }
  ASSERT(false);
}

}  // namespace

Table::Table(wire::Buffer& out, std::span<const Column> columns)
    : out_(out), columns_(columns.size()) {
  wire::Writer writer(out, wire::be::kRowDescription);
  writer.u16(static_cast<std::uint16_t>(columns.size()));
  for (const Column& column : columns) {
    writer.cstr(column.name).u32(0).u16(0);  // of no table
    writer.u32(static_cast<std::uint32_t>(column.type)).u16(type_size(column.type));
    writer.u32(kNoModifier).u16(0);  // text format
  }
}

Row::Row(wire::Buffer& out, std::size_t columns)
    : writer_(out, wire::be::kDataRow), missing_(columns) {
  writer_.u16(static_cast<std::uint16_t>(columns));
}

Row::~Row() { ASSERT(missing_ == 0); }

Row& Row::text(std::string_view value) {
  ASSERT(missing_ > 0);
  --missing_;
  writer_.u32(static_cast<std::uint32_t>(value.size())).text(value);
  return *this;
}

Row& Row::text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }

Row& Row::null() {
  ASSERT(missing_ > 0);
  --missing_;
  writer_.u32(kNull);
  return *this;
}

Row& Row::signed_number(std::int64_t value) {
  const fmt::format_int digits(value);
  return text({digits.data(), digits.size()});
}

Row& Row::unsigned_number(std::uint64_t value) {
  const fmt::format_int digits(value);
  return text({digits.data(), digits.size()});
}

}  // namespace weir::admin

#include "admin/table_reader.h"

#include <algorithm>

#include "base/check.h"
#include "wire/message.h"

namespace weir::admin {

namespace {

constexpr std::uint32_t kNull = 0xffffffff;
constexpr std::size_t kColumnTail = 8;  // size, modifier and format

// The next message's body; the type goes to `type`.
Reader next_message(Reader& in, std::uint8_t& type) {
  type = in.u8();
  return Reader(in.bytes(in.u32() - sizeof(std::uint32_t)));
}

}  // namespace

TableReader::TableReader(const wire::Buffer& bytes) : in_(bytes) {
  std::uint8_t type = 0;
  Reader body = next_message(in_, type);
  ASSERT(type == wire::be::kRowDescription);
  const std::uint16_t count = body.u16();
  for (std::uint16_t i = 0; i < count; ++i) {
    const std::string_view name = body.cstr();
    body.u32();
    body.u16();
    columns_.push_back({name, static_cast<ColumnType>(body.u32())});
    body.bytes(kColumnTail);
  }
  ASSERT(body.done());
  cells_.resize(count);
}

std::size_t TableReader::column(std::string_view name) const {
  const auto at = std::ranges::find(columns_, name, &Column::name);
  ASSERT(at != columns_.end());
  return static_cast<std::size_t>(at - columns_.begin());
}

const TableReader::Cells* TableReader::next() {
  if (in_.left() == 0) return nullptr;
  std::uint8_t type = 0;
  Reader body = next_message(in_, type);
  if (type != wire::be::kDataRow) return nullptr;
  ASSERT(body.u16() == cells_.size());
  for (auto& cell : cells_) {
    const std::uint32_t size = body.u32();
    cell.reset();
    if (size != kNull) cell = as_text(body.bytes(size));
  }
  ASSERT(body.done());
  return &cells_;
}

}  // namespace weir::admin

#include "session/result_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "wire/message.h"

namespace weir::session {

namespace {

constexpr std::uint32_t kInt8 = 20, kInt4 = 23, kNumeric = 1700;  // PostgreSQL's OIDs
constexpr std::uint32_t kNull = 0xffffffff;
constexpr std::uint16_t kText = 0, kBinary = 1;

std::int64_t integer(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// A whole number as PostgreSQL's numeric_send() writes it: groups of four digits.
void append_numeric(wire::Writer& row, std::int64_t value) {
  constexpr std::uint16_t kNegative = 0x4000;
  std::vector<std::uint16_t> groups;
  auto rest = static_cast<std::uint64_t>(value < 0 ? -value : value);
  for (; rest > 0; rest /= 10000) groups.push_back(static_cast<std::uint16_t>(rest % 10000));
  const auto weight = static_cast<std::uint16_t>(groups.empty() ? 0 : groups.size() - 1);
  while (!groups.empty() && groups.front() == 0) groups.erase(groups.begin());
  row.u32(static_cast<std::uint32_t>(8 + 2 * groups.size()));
  row.u16(static_cast<std::uint16_t>(groups.size())).u16(weight);
  row.u16(value < 0 ? kNegative : 0).u16(0);  // no digits behind the point
  std::ranges::for_each(groups.rbegin(), groups.rend(), [&row](auto group) { row.u16(group); });
}

void append_binary(wire::Writer& row, std::uint32_t type, std::string_view text) {
  const auto value = static_cast<std::uint64_t>(integer(text));
  switch (type) {
    case kInt4: row.u32(4).u32(static_cast<std::uint32_t>(value)); break;
    case kInt8:
      row.u32(8).u32(static_cast<std::uint32_t>(value >> 32));
      row.u32(static_cast<std::uint32_t>(value));
      break;
    case kNumeric: append_numeric(row, static_cast<std::int64_t>(value)); break;
    default: row.u32(static_cast<std::uint32_t>(text.size())).text(text); break;
  }
}

}  // namespace

std::uint16_t ResultFormats::format(std::size_t column) const {
  if (asked_.empty()) return kText;
  return asked_.size() == 1 ? asked_.front() : asked_[column];
}

std::optional<std::string> ResultFormats::describe(Bytes description, wire::Buffer& out) {
  Reader in(description);
  const std::uint16_t columns = in.u16();
  if (asked_.size() > 1 && asked_.size() != columns)
    return fmt::format("bind message has {} result formats but query has {} columns",
                       asked_.size(), columns);
  types_.clear();
  wire::Writer row(out, wire::be::kRowDescription);
  row.u16(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    row.cstr(in.cstr()).bytes(in.bytes(6));  // table and attribute
    types_.push_back(in.u32());
    row.u32(types_.back()).bytes(in.bytes(6));  // size and modifier
    in.u16();
    row.u16(format(i));
  }
  ASSERT(in.done());
  return std::nullopt;
}

void ResultFormats::append_row(Bytes body, wire::Buffer& out) const {
  Reader in(body);
  const std::uint16_t columns = in.u16();
  ASSERT(columns == types_.size());
  wire::Writer row(out, wire::be::kDataRow);
  row.u16(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    const std::uint32_t size = in.u32();
    if (size == kNull) {
      row.u32(size);
    } else if (format(i) == kBinary) {
      append_binary(row, types_[i], as_text(in.bytes(size)));
    } else {
      row.u32(size).bytes(in.bytes(size));
    }
  }
  ASSERT(in.done());
}

}  // namespace weir::session

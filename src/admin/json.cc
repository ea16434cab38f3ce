#include "admin/json.h"

#include <fmt/format.h>

#include "admin/table_reader.h"
#include "base/utf8.h"

namespace weir::admin {

namespace {

void append_character(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\t': out += "\\t"; break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

void append_value(std::string& out, const std::optional<std::string_view>& value, ColumnType type) {
  if (!value) {
    out += "null";
  } else if (type == ColumnType::Text) {
    append_json_text(out, *value);
  } else {
    out += *value;  // SHOW writes whole numbers, and they are JSON's too
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  const std::string valid = escape_broken_utf8(text);
  out += '"';
  for (const char c : valid) append_character(out, c);
  out += '"';
}

std::string to_json(const wire::Buffer& table) {
  TableReader reader(table);
  std::string out = "[";
  std::string_view before_row = "\n";
  while (const TableReader::Cells* cells = reader.next()) {
    out.append(before_row).append("{");
    before_row = ",\n";
    for (std::size_t i = 0; i < cells->size(); ++i) {
      if (i > 0) out += ',';
      append_json_text(out, reader.columns()[i].name);
      out += ':';
      append_value(out, (*cells)[i], reader.columns()[i].type);
    }
    out += '}';
  }
  return out += "\n]\n";
}

}  // namespace weir::admin

#include "sql/quote.h"

namespace weir::sql {
namespace {

// Copies up to the first zero byte, with `replacement(c)` in the place of each of `special`.
template <typename Replacement>
void append_replaced(std::string& out, std::string_view text, std::string_view special,
                     Replacement replacement) {
  text = text.substr(0, text.find('\0'));
  while (!text.empty()) {
    const std::size_t clean = text.find_first_of(special);
    out += text.substr(0, clean);
    if (clean == std::string_view::npos) return;
    out += replacement(text[clean]);
    text.remove_prefix(clean + 1);
  }
}

}  // namespace

void append_literal(std::string& out, std::string_view value) {
  out += "E'";
  // A doubled backslash could be halved by a high byte before it, and then take in the next quote;
  // the digits of its code can't.
  append_replaced(out, value, "'\\",
                  [](char c) -> std::string_view { return c == '\'' ? "''" : "\\x5C"; });
  out += '\'';
}

void append_identifier(std::string& out, std::string_view name) {
  out += '"';
  append_replaced(out, name, "\"", [](char) -> std::string_view { return "\"\""; });
  out += '"';
}

}  // namespace weir::sql

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "sql/custom_names.h"
#include "sql/deallocate.h"
#include "sql/examiner.h"
#include "sql/lexer.h"
#include "sql/quote.h"
#include "sql/scan.h"

using namespace weir::sql;

namespace {

bool is_ambiguous(std::string_view text) {
  Lexer lexer(text);
  while (lexer.next().kind != TokenKind::kEnd) {
  }
  return lexer.ambiguous();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Effects found = scan(text);
  std::vector<std::string> names;
  custom_names(text, names);
  ASSERT(found == examine(text, nullptr));
  // Names of a reading that PostgreSQL would refuse are listed too.
  ASSERT(names.empty() || found.custom_names || is_ambiguous(text));
  ASSERT(!parse_deallocate(text) || found.deallocates);

  std::string literal;
  append_literal(literal, text);
  Lexer lexer(literal);
  ASSERT(lexer.next().kind == TokenKind::kEscapeText);
  ASSERT(lexer.next().kind == TokenKind::kEnd && !lexer.unterminated());
  return 0;
}

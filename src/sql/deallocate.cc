#include "sql/deallocate.h"

#include "sql/identifier.h"
#include "sql/lexer.h"

namespace weir::sql {
namespace {

bool is_word(const Token& token, std::string_view lower) {
  return token.kind == TokenKind::kWord && equals_folded(token.text, lower);
}

std::string unquoted(std::string_view quoted) {
  std::string name;
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    name += quoted[at];
    if (quoted[at] == '"') ++at;
  }
  return std::string(clip_identifier(name));
}

bool is_end(const Lexer& lexer, const Token& token) {
  return token.kind == TokenKind::kEnd && !lexer.unterminated();
}

}  // namespace

std::optional<Deallocate> parse_deallocate(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.next();
  while (token.is(';')) token = lexer.next();
  if (!is_word(token, "deallocate")) return std::nullopt;

  Token name = lexer.next();
  Token after = lexer.next();
  if (is_word(name, "prepare") && after.kind != TokenKind::kEnd && !after.is(';')) {
    name = after;
    after = lexer.next();
  }
  while (after.is(';')) after = lexer.next();
  if (!is_end(lexer, after)) return std::nullopt;

  if (is_word(name, "all")) return Deallocate{.all = true, .name = {}};
  if (name.kind == TokenKind::kName && !name.text.empty()) {
    return Deallocate{.all = false, .name = unquoted(name.text)};
  }
  if (name.kind == TokenKind::kWord && !is_reserved(name.text)) {
    return Deallocate{.all = false, .name = fold_identifier(name.text)};
  }
  return std::nullopt;
}

}  // namespace weir::sql

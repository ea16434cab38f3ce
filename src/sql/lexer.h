// PostgreSQL's tokens, as far as the effects of a text need them. Free of allocation.
// Views point into the text, which must outlive them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::sql {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,         // select
  kName,         // "select", text without the outer quotes
  kUnicodeName,  // U&"..."
  kText,         // '...' and N'...', text without the outer quotes
  kEscapeText,   // E'...'
  kDollarText,   // $tag$...$tag$, text without the tags
  kOtherText,    // B'', X'', U&'', and literals that continue on the next line
  kNumber,
  kParameter,  // $1
  kSymbol,     // one byte of anything else
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;

  bool is(char symbol) const { return kind == TokenKind::kSymbol && text.front() == symbol; }
  bool is_literal() const { return kind >= TokenKind::kText && kind <= TokenKind::kOtherText; }
};

// What a text alone does not tell about its reading.
struct Dialect {
  // standard_conforming_strings is off: a backslash escapes in '...' too.
  bool backslash_escapes = false;
  // The client's encoding is one whose characters may end in a backslash byte (SJIS, BIG5, GBK):
  // a backslash behind a high byte escapes nothing.
  bool wide_backslash = false;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text, Dialect dialect = {}) : text_(text), dialect_(dialect) {}

  Token next();

  // The offset behind the last token.
  std::size_t at() const { return at_; }

  // A literal was met that ends elsewhere in another dialect.
  bool ambiguous() const { return ambiguous_; }
  // The text ended inside a literal, a quoted name or a comment: PostgreSQL refuses it whole.
  bool unterminated() const { return unterminated_; }

 private:
  bool sees(std::size_t at, char c) const { return at < text_.size() && text_[at] == c; }
  void skip_blanks();
  void skip_line();
  void skip_block();
  Token take(TokenKind kind, std::size_t begin, std::size_t end);
  Token give_up(TokenKind kind, std::size_t begin);
  Token word();
  Token number(TokenKind kind, std::size_t digits);
  Token quoted_name(TokenKind kind, std::size_t begin);
  Token literal(TokenKind kind, std::size_t begin);
  Token dollar();
  bool is_escaped(TokenKind kind, std::size_t begin, std::size_t quote);
  bool next_line_continues();

  std::string_view text_;
  Dialect dialect_;
  std::size_t at_ = 0;
  bool ambiguous_ = false;
  bool unterminated_ = false;
};

}  // namespace weir::sql

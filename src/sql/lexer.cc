#include "sql/lexer.h"

#include "sql/identifier.h"

namespace weir::sql {

Token Lexer::next() {
  skip_blanks();
  if (at_ == text_.size()) return {};
  const char c = text_[at_];
  if (starts_word(c)) return word();
  if (c == '\'') return literal(TokenKind::kText, at_ + 1);
  if (c == '"') return quoted_name(TokenKind::kName, at_ + 1);
  if (c == '$') return dollar();
  if (is_digit(c)) return number(TokenKind::kNumber, at_);
  return take(TokenKind::kSymbol, at_, at_ + 1);
}

Token Lexer::take(TokenKind kind, std::size_t begin, std::size_t end) {
  at_ = end;
  return {kind, text_.substr(begin, end - begin)};
}

Token Lexer::give_up(TokenKind kind, std::size_t begin) {
  unterminated_ = true;
  return take(kind, begin, text_.size());
}

void Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_blank(c)) {
      ++at_;
    } else if (c == '-' && sees(at_ + 1, '-')) {
      skip_line();
    } else if (c == '/' && sees(at_ + 1, '*')) {
      skip_block();
    } else {
      return;
    }
  }
}

void Lexer::skip_line() {
  while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
}

void Lexer::skip_block() {
  std::size_t depth = 0;
  do {
    if (text_[at_] == '/' && sees(at_ + 1, '*')) {
      ++depth;
      at_ += 2;
    } else if (text_[at_] == '*' && sees(at_ + 1, '/')) {
      --depth;
      at_ += 2;
    } else {
      ++at_;
    }
  } while (depth > 0 && at_ < text_.size());
  if (depth > 0) unterminated_ = true;
}

Token Lexer::word() {
  std::size_t end = at_ + 1;
  while (end < text_.size() && continues_word(text_[end])) ++end;
  if (end - at_ != 1 || end == text_.size()) return take(TokenKind::kWord, at_, end);

  const char letter = fold(text_[at_]);
  if (text_[end] == '\'') {
    if (letter == 'e') return literal(TokenKind::kEscapeText, end + 1);
    if (letter == 'n') return literal(TokenKind::kText, end + 1);
    if (letter == 'b' || letter == 'x') return literal(TokenKind::kOtherText, end + 1);
  }
  if (letter == 'u' && text_[end] == '&') {
    if (sees(end + 1, '\'')) return literal(TokenKind::kOtherText, end + 2);
    if (sees(end + 1, '"')) return quoted_name(TokenKind::kUnicodeName, end + 2);
  }
  return take(TokenKind::kWord, at_, end);
}

Token Lexer::number(TokenKind kind, std::size_t digits) {
  std::size_t end = digits;
  while (end < text_.size() && is_digit(text_[end])) ++end;
  return take(kind, at_, end);
}

Token Lexer::quoted_name(TokenKind kind, std::size_t begin) {
  std::size_t quote = begin;
  for (;;) {
    quote = text_.find('"', quote);
    if (quote == std::string_view::npos) return give_up(kind, begin);
    if (!sees(quote + 1, '"')) break;
    quote += 2;
  }
  const Token name = take(kind, begin, quote);
  at_ = quote + 1;
  return name;
}

Token Lexer::literal(TokenKind kind, std::size_t begin) {
  TokenKind as = kind;
  std::size_t from = begin;
  for (;;) {
    const std::size_t quote = text_.find('\'', from);
    if (quote == std::string_view::npos) return give_up(as, begin);
    if (is_escaped(kind, from, quote)) {
      from = quote + 1;
    } else if (sees(quote + 1, '\'')) {
      from = quote + 2;
    } else {
      at_ = quote + 1;
      if (!next_line_continues()) return {as, text_.substr(begin, quote - begin)};
      as = TokenKind::kOtherText;
      from = at_;
    }
  }
}

// Whether the backslashes before a quote take it in; `begin` is behind the last quote before it.
bool Lexer::is_escaped(TokenKind kind, std::size_t begin, std::size_t quote) {
  if (kind == TokenKind::kOtherText) return false;
  std::size_t run = quote;
  while (run > begin && text_[run - 1] == '\\') --run;
  std::size_t backslashes = quote - run;
  if (backslashes == 0) return false;

  const bool wide = run > begin && is_high(text_[run - 1]);
  if (wide || (kind == TokenKind::kText && backslashes % 2 == 1)) ambiguous_ = true;
  if (kind == TokenKind::kText && !dialect_.backslash_escapes) return false;
  if (wide && dialect_.wide_backslash) --backslashes;
  return backslashes % 2 == 1;
}

// Literals that only a line break divides are one, and the first one's escapes hold in all of them.
bool Lexer::next_line_continues() {
  const std::size_t end = at_;
  bool broken = false;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_blank(c)) {
      broken = broken || c == '\n' || c == '\r';
      ++at_;
    } else if (c == '-' && sees(at_ + 1, '-')) {
      skip_line();
    } else {
      break;
    }
  }
  const bool continues = broken && sees(at_, '\'');
  at_ = continues ? at_ + 1 : end;
  return continues;
}

Token Lexer::dollar() {
  std::size_t tag_end = at_ + 1;
  if (tag_end < text_.size() && is_digit(text_[tag_end])) {
    return number(TokenKind::kParameter, tag_end);
  }
  while (tag_end < text_.size() && text_[tag_end] != '$' && continues_word(text_[tag_end]))
    ++tag_end;
  if (!sees(tag_end, '$')) return take(TokenKind::kSymbol, at_, at_ + 1);

  const std::string_view tag = text_.substr(at_, tag_end + 1 - at_);
  const std::size_t begin = tag_end + 1;
  const std::size_t close = text_.find(tag, begin);
  if (close == std::string_view::npos) return give_up(TokenKind::kDollarText, begin);
  const Token body = take(TokenKind::kDollarText, begin, close);
  at_ = close + tag.size();
  return body;
}

}  // namespace weir::sql

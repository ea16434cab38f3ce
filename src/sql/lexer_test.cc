#include "sql/lexer.h"

#include <doctest/doctest.h>

#include <string>

using namespace weir::sql;

namespace {

// Tokens as "kind:text" with a letter a kind, divided by spaces.
std::string tokens(std::string_view text, Dialect dialect = {}) {
  static constexpr char kLetters[] = ".wnuteDoN$s";
  std::string out;
  Lexer lexer(text, dialect);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (!out.empty()) out += ' ';
    out += kLetters[static_cast<std::size_t>(token.kind)];
    out += ':';
    out += token.text;
  }
  return out + (lexer.ambiguous() ? " ambiguous" : "") + (lexer.unterminated() ? " open" : "");
}

}  // namespace

TEST_CASE("words, names, numbers and symbols") {
  CHECK(tokens("SELECT a1$, \"B\"\"c\"") == "w:SELECT w:a1$ s:, n:B\"\"c");
  CHECK(tokens("été_1;x") == "w:été_1 s:; w:x");
  CHECK(tokens("1.5e3 $12x a.b") == "N:1 s:. N:5 w:e3 $:$12 w:x w:a s:. w:b");
  CHECK(tokens("a<=b::c") == "w:a s:< s:= w:b s:: s:: w:c");
  CHECK(tokens("") == "");
}

TEST_CASE("literals end where PostgreSQL ends them") {
  CHECK(tokens("'a''b' 'c'") == "t:a''b t:c");
  CHECK(tokens("E'a\\'b' e'\\\\' 'x'") == "e:a\\'b e:\\\\ t:x");
  CHECK(tokens("n'a' N'b' b'1' X'F' U&'\\0061'") == "t:a t:b o:1 o:F o:\\0061");
  CHECK(tokens("u&\"a\"\"b\" u &x") == "u:a\"\"b w:u s:& w:x");
  CHECK(tokens("fee'a' 1e'\\''") == "w:fee t:a N:1 e:\\'");
  CHECK(tokens("'") == "t: open");
  CHECK(tokens("\"a") == "n:a open");
  CHECK(tokens("e'\\'") == "e:\\' open");
}

TEST_CASE("a literal goes on behind a line break, with the escapes it began with") {
  CHECK(tokens("E'a'\n'\\'b' c") == "o:a'\n'\\'b w:c");
  CHECK(tokens("E'a' -- x'\n  '\\'b' c") == "o:a' -- x'\n  '\\'b w:c");
  CHECK(tokens("E'a' 'b'") == "e:a t:b");
  CHECK(tokens("E'a' /* \n */ 'b'") == "e:a t:b");
  CHECK(tokens("'a'\n c") == "t:a w:c");
}

TEST_CASE("dollar quotes") {
  CHECK(tokens("$$a'b$$ c") == "D:a'b w:c");
  CHECK(tokens("$q$ $$ $r$ $q$c") == "D: $$ $r$  w:c");
  CHECK(tokens("$a$x$b$a$ c") == "D:x$b w:c");
  CHECK(tokens("a$$b c$") == "w:a$$b w:c$");
  CHECK(tokens("$1$$a$$") == "$:$1 D:a");
  CHECK(tokens("$ $a b") == "s:$ s:$ w:a w:b");
  CHECK(tokens("$a$ $A$") == "D: $A$ open");
}

TEST_CASE("comments nest, and begin inside operators") {
  CHECK(tokens("a/*b/*c*/d*/e") == "w:a w:e");
  CHECK(tokens("a+/*b*/c") == "w:a s:+ w:c");
  CHECK(tokens("a--b\rc--d") == "w:a w:c");
  CHECK(tokens("a*/b//*c*/") == "w:a s:* s:/ w:b s:/");
  CHECK(tokens("a/*/b") == "w:a open");
  CHECK(tokens("a/*b/*c*/d") == "w:a open");
}

TEST_CASE("a backslash before a quote depends on the dialect") {
  const Dialect off{.backslash_escapes = true, .wide_backslash = false};
  const Dialect wide{.backslash_escapes = false, .wide_backslash = true};
  CHECK(tokens("'a\\' b") == "t:a\\ w:b ambiguous");
  CHECK(tokens("'a\\' b'", off) == "t:a\\' b ambiguous");
  CHECK(tokens("'a\\\\' b") == "t:a\\\\ w:b");
  CHECK(tokens("'a\\\\' b", off) == "t:a\\\\ w:b");
  CHECK(tokens("E'\x95\\' b'") == "e:\x95\\' b ambiguous");
  CHECK(tokens("E'\x95\\' b", wide) == "e:\x95\\ w:b ambiguous");
  CHECK(tokens("E'a\\' b'", wide) == "e:a\\' b");
}

#include "sql/quote.h"

#include <doctest/doctest.h>

#include <random>

#include "sql/lexer.h"

using namespace weir::sql;

namespace {

std::string literal(std::string_view value) {
  std::string out;
  append_literal(out, value);
  return out;
}

std::string identifier(std::string_view name) {
  std::string out;
  append_identifier(out, name);
  return out;
}

// What PostgreSQL makes of an E'' literal's inside.
std::string unescaped(std::string_view inside) {
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside.substr(i).starts_with("\\x5C")) {
      out += '\\';
      i += 3;
    } else {
      out += inside[i];
      if (inside[i] == '\'') ++i;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("literals") {
  CHECK(literal("") == "E''");
  CHECK(literal("abc") == "E'abc'");
  CHECK(literal("it's") == "E'it''s'");
  CHECK(literal("a\\b") == "E'a\\x5Cb'");
  CHECK(literal("\\'; DROP TABLE t; --") == "E'\\x5C''; DROP TABLE t; --'");
  CHECK(literal("é\n\t\"$$") == "E'é\n\t\"$$'");
  CHECK(literal(std::string_view("a\0b", 3)) == "E'a'");
}

TEST_CASE("identifiers") {
  CHECK(identifier("abc") == "\"abc\"");
  CHECK(identifier("A \"b\"") == "\"A \"\"b\"\"\"");
  CHECK(identifier("a\\'b") == "\"a\\'b\"");
  CHECK(identifier(std::string_view("a\0b", 3)) == "\"a\"");
}

TEST_CASE("both append") {
  std::string out = "SELECT ";
  append_literal(out, "a");
  out += ", ";
  append_identifier(out, "b");
  CHECK(out == "SELECT E'a', \"b\"");
}

TEST_CASE("any value is one token, in every dialect, and reads back as itself") {
  static constexpr std::string_view kBytes = "'\\\"$;-/*x5C \n\x95\xC3\xA9";
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string value;
    for (auto n = random() % 12; n > 0; --n) value += kBytes[random() % kBytes.size()];
    CAPTURE(value);
    for (const Dialect dialect :
         {Dialect{false, false}, Dialect{true, false}, Dialect{false, true}}) {
      const std::string text = literal(value);
      Lexer lexer(text, dialect);
      const Token token = lexer.next();
      REQUIRE(token.kind == TokenKind::kEscapeText);
      REQUIRE(unescaped(token.text) == value);
      REQUIRE(lexer.next().kind == TokenKind::kEnd);
      REQUIRE_FALSE(lexer.unterminated());
      REQUIRE_FALSE(lexer.ambiguous());

      const std::string name = identifier(value);
      Lexer names(name, dialect);
      REQUIRE(names.next().kind == TokenKind::kName);
      REQUIRE(names.next().kind == TokenKind::kEnd);
      REQUIRE_FALSE(names.unterminated());
    }
  }
}

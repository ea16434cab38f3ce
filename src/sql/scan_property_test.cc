#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "sql/examiner.h"
#include "sql/filter.h"
#include "sql/identifier.h"
#include "sql/lexer.h"
#include "sql/scan.h"
#include "sql/test_statements.h"

using namespace weir::sql;

namespace {

using Random = std::mt19937;

template <typename Check>
void for_each_sample(Check check) {
  for (const auto table : {kOrdinary, kFlagged, kTexts}) {
    for (const Sample& sample : table) {
      CAPTURE(sample.text);
      check(sample);
    }
  }
}

std::string_view pick(Random& random, std::span<const std::string_view> from) {
  return from[random() % from.size()];
}

bool has(std::string_view text, std::string_view any_of) {
  return text.find_first_of(any_of) != std::string_view::npos;
}

// The text with something that means nothing between its tokens.
std::string spread(std::string_view text, Random& random) {
  static constexpr std::string_view kFillers[] = {" ",
                                                  "\n",
                                                  "\t ",
                                                  "/**/",
                                                  "/* ' */",
                                                  "/* a /* ; SET x = 1 */ \" */",
                                                  "-- ' \" $$\n",
                                                  "\r\n",
                                                  "\f",
                                                  "-- ; SET x = 1\n",
                                                  "/* $$ */ "};
  std::string out;
  Lexer lexer(text);
  for (std::size_t begin = 0;; begin = lexer.at()) {
    const Token token = lexer.next();
    out += pick(random, kFillers);
    out += text.substr(begin, lexer.at() - begin);
    if (token.kind == TokenKind::kEnd) return out;
  }
}

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out + quote;
}

}  // namespace

TEST_CASE("what stands between the tokens does not matter") {
  Random random(1);
  for_each_sample([&](const Sample& sample) {
    Lexer whole(sample.text);
    while (whole.next().kind != TokenKind::kEnd) {
    }
    if (whole.ambiguous() || whole.unterminated() || sample.text.ends_with("-- nothing")) return;
    for (int round = 0; round < 20; ++round) {
      const std::string text = spread(sample.text, random);
      CAPTURE(text);
      CHECK(letters(scan(text)) == sample.effects);
    }
  });
}

TEST_CASE("the case of unquoted text does not matter") {
  for_each_sample([&](const Sample& sample) {
    if (has(sample.text, "\"$\\")) return;
    std::string upper(sample.text);
    std::ranges::transform(upper, upper.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    });
    CHECK(letters(scan(upper)) == sample.effects);
  });
}

TEST_CASE("a statement inside a literal, a quoted name or a comment is none") {
  for_each_sample([&](const Sample& sample) {
    const std::string text(sample.text);
    CHECK(scan("SELECT $zz$" + text + "$zz$") == Effects{});
    CHECK(scan("SELECT " + doubled(text, '"') + " FROM t") == Effects{});
    if (!has(text, "\\")) {
      CHECK(scan("SELECT " + doubled(text, '\'')) == Effects{});
      CHECK(scan("SELECT E" + doubled(text, '\'') + ", 1") == Effects{});
    }
    if (!has(text, "/")) CHECK(scan("SELECT 1 /*" + text + "*/") == Effects{});
    if (!has(text, "\r\n")) CHECK(scan("SELECT 1 --" + text) == Effects{});
  });
}

TEST_CASE("plain statements before and behind change nothing") {
  for_each_sample([&](const Sample& sample) {
    Lexer lexer(sample.text);
    while (lexer.next().kind != TokenKind::kEnd) {
    }
    if (lexer.ambiguous() || lexer.unterminated()) return;
    const std::string text(sample.text);
    CHECK(letters(scan("BEGIN;" + text + "\n;COMMIT")) == sample.effects);
    CHECK(letters(scan("SELECT ';', \"a;\", $$;$$; " + text)) == sample.effects);
    CHECK(letters(scan(text + "\n; INSERT INTO t VALUES (';')")) == sample.effects);
  });
}

TEST_CASE("the filter hides nothing from random texts") {
  static constexpr std::string_view kPieces[] = {"SELECT ",     "SET ",      "x",
                                                 "=",           "1",         ";",
                                                 "'",           "\"",        "\\",
                                                 "$$",          "$a$",       "--",
                                                 "\n",          "/*",        "*/",
                                                 "(",           ")",         ",",
                                                 "E'",          "U&\"",      "U&'",
                                                 "app.x",       "INTO ",     "TEMP ",
                                                 "INSERT ",     "UPDATE ",   " AS ",
                                                 "set_config",  "setseed",   "CREATE ",
                                                 "EXECUTE ",    "DO ",       "'a.b'",
                                                 "true",        "false",     " ",
                                                 "\t",          "LISTEN ",   "EXPLAIN ",
                                                 "é",           "\x95",      "DECLARE ",
                                                 "WITH ",       "HOLD ",     "PREPARE p",
                                                 "DISCARD ",    "ALL",       "a$b",
                                                 "BEGIN",       "COMMIT",    "$1",
                                                 "pg_settings", "set_limit", "pg_temp.",
                                                 "&",           "nto",       "pg_advisory_lock(1)"};
  Random random(2);
  for (int round = 0; round < 400'000; ++round) {
    std::string text(random() % 2 == 0 ? "SELECT " : "");
    for (auto parts = random() % 12; parts > 0; --parts) text += pick(random, kPieces);
    const Effects exact = examine(text, nullptr);
    if (scan(text) != exact) {
      CAPTURE(text);
      CHECK(letters(scan(text)) == letters(exact));
    }
  }
}

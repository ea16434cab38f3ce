#include "sql/scan.h"

#include <doctest/doctest.h>

#include <span>

#include "sql/examiner.h"
#include "sql/filter.h"
#include "sql/test_statements.h"

using namespace weir::sql;

namespace {

void check_all(std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    CAPTURE(sample.text);
    CHECK(letters(scan(sample.text)) == sample.effects);
    CHECK(letters(examine(sample.text, nullptr)) == sample.effects);
  }
}

}  // namespace

TEST_CASE("ordinary statements have no effect") { check_all(kOrdinary); }
TEST_CASE("statements with an effect are flagged") { check_all(kFlagged); }
TEST_CASE("statements are divided as PostgreSQL divides them") { check_all(kTexts); }

TEST_CASE("the effects of a text are those of its statements") {
  for (const Sample& first : kFlagged) {
    for (const Sample& second : kFlagged) {
      const std::string text = std::string(first.text) + ";" + std::string(second.text);
      CAPTURE(text);
      Effects both = scan(first.text);
      if (both.opaque && both.deallocates) continue;  // reading stopped in doubt
      both |= scan(second.text);
      CHECK(scan(text) == both);
    }
  }
}

TEST_CASE("what the filter calls plain has no effect") {
  for (const auto samples : {kOrdinary, kFlagged, kTexts}) {
    for (const Sample& sample : samples) {
      CAPTURE(sample.text);
      CHECK((!is_plain(sample.text) || sample.effects.empty()));
    }
  }
}

TEST_CASE("the common statements pass the filter") {
  for (const std::string_view text :
       {"BEGIN", "begin;", "COMMIT", "COMMIT;", "ROLLBACK", "END;", "BEGIN; SELECT 1; COMMIT",
        "SELECT 1", "SELECT abalance FROM pgbench_accounts WHERE aid = 4711;",
        "UPDATE pgbench_accounts SET abalance = abalance + -42 WHERE aid = 4711;",
        "INSERT INTO pgbench_history (tid, mtime) VALUES (1, CURRENT_TIMESTAMP);",
        "SELECT \"users\".\"last_login\" FROM \"users\" WHERE \"users\".\"target_code\" = $1",
        "WITH x AS (SELECT 1) SELECT * FROM x", "/* app='x' */ SELECT 1", "-- x\nSELECT 1",
        "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = excluded.a"}) {
    CAPTURE(text);
    CHECK(is_plain(text));
  }
}

TEST_CASE("a word of interest is seen wherever it stands among the filter's blocks") {
  for (std::size_t before = 0; before < 70; ++before) {
    for (std::size_t after = 0; after < 40; ++after) {
      const std::string head = "SELECT " + std::string(before, '1') + ",";
      const std::string tail(after, ' ');
      CAPTURE(before);
      CAPTURE(after);
      CHECK(letters(scan(head + "set_config('a','b',false)" + tail)) == "s");
      CHECK(letters(scan(head + "setseed(1)" + tail)) == "o");
      CHECK(letters(scan(head + "pg_advisory_lock(1)" + tail)) == "o");
      CHECK(letters(scan(head + "1 INTO t" + tail)) == "D");
      CHECK(letters(scan(head + "1;SET x=1" + tail)) == "s");
      CHECK(letters(scan(head + "U&\"\\0061\"" + tail)) == "suo");
      CHECK(letters(scan(head + "dblink_connect('')" + tail)) == "o");
      CHECK(letters(scan(head + "1;x" + tail)) == "s");
    }
  }
}

TEST_CASE("hostile texts take linear time and no stack") {
  const std::size_t size = 200'000;
  const auto repeat = [&](std::string_view part) {
    std::string text;
    while (text.size() < size) text += part;
    return text;
  };
  CHECK(letters(scan("SELECT " + repeat("set_config("))).find('u') != std::string::npos);
  CHECK(letters(scan(repeat("EXPLAIN ") + "LISTEN x")) == "o");
  CHECK(scan("SELECT 1 " + repeat(";--")) == Effects{});
  CHECK(scan("SELECT 1 " + repeat(";/*")) == Effects{});
  CHECK(scan("SELECT 1 " + repeat(";(")) == Effects{});
  CHECK(scan("SELECT " + repeat("'\\''\n")) == Effects{});
  CHECK(scan("SELECT " + repeat("$a$ $b$ ")) == Effects{});
  CHECK(scan("SELECT " + repeat("(")) == Effects{});
  CHECK(letters(scan(repeat("SET a.b=1;"))) == "scu");
}

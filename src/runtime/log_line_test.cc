#include "runtime/log_line.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <nlohmann/json.hpp>
#include <string>

using namespace weir::runtime;

namespace {

constexpr std::int64_t kMoment = 1'795'423'575'123'456;  // 2026-11-23 08:46:15.123456 UTC

void use_zone(const char* zone) {
  ::setenv("TZ", zone, 1);
  ::tzset();
}

std::string plain(std::string_view text, const LogSource* source = nullptr) {
  use_zone("UTC");
  return format_line(
      LogFormat::kPlain,
      {.unix_us = kMoment, .pid = 42, .level = LogLevel::kWarning, .text = text, .source = source});
}

nlohmann::json json(std::string_view text, const LogSource* source = nullptr) {
  const std::string line = format_line(
      LogFormat::kJson,
      {.unix_us = kMoment, .pid = 42, .level = LogLevel::kLog, .text = text, .source = source});
  REQUIRE(line.find('\n') == line.size() - 1);
  return nlohmann::json::parse(line);
}

// Where the text of plain() starts.
std::string plain_text(std::string_view text) {
  const std::string line = plain(text);
  const std::string head = "2026-11-23 08:46:15.123 UTC [42] WARNING ";
  REQUIRE(line.starts_with(head));
  REQUIRE(line.ends_with('\n'));
  return line.substr(head.size(), line.size() - head.size() - 1);
}

}  // namespace

TEST_CASE("a plain line looks as PgBouncer's") {
  CHECK(plain("process up") == "2026-11-23 08:46:15.123 UTC [42] WARNING process up\n");
  const LogSource source{
      .side = 'C', .id = 31, .db = "shop", .user = "ann", .addr = "10.0.0.1:4711"};
  CHECK(plain("closing because: x (age=1s)", &source) ==
        "2026-11-23 08:46:15.123 UTC [42] WARNING C-0x1f: shop/ann@10.0.0.1:4711 "
        "closing because: x (age=1s)\n");
  const LogSource unknown{.side = 'S', .id = 255};
  CHECK(plain("x", &unknown).ends_with(" WARNING S-0xff: (nodb)/(nouser)@(noaddr) x\n"));
}

TEST_CASE("plain time is local time with its zone, JSON time is UTC") {
  use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  const LogLine line{.unix_us = kMoment, .pid = 1, .text = "x"};
  CHECK(format_line(LogFormat::kPlain, line) == "2026-11-23 09:46:15.123 CET [1] LOG x\n");
  CHECK(nlohmann::json::parse(format_line(LogFormat::kJson, line))["ts"] ==
        "2026-11-23T08:46:15.123Z");
  use_zone("UTC");
}

TEST_CASE("every level has PgBouncer's name") {
  CHECK(level_name(LogLevel::kFatal) == "FATAL");
  CHECK(level_name(LogLevel::kError) == "ERROR");
  CHECK(level_name(LogLevel::kWarning) == "WARNING");
  CHECK(level_name(LogLevel::kLog) == "LOG");
  CHECK(level_name(LogLevel::kDebug) == "DEBUG");
  CHECK(level_name(LogLevel::kNoise) == "NOISE");
}

TEST_CASE("a name from the wire cannot forge a line") {
  const LogSource source{.side = 'C',
                         .id = 1,
                         .db = "d",
                         .user = "x\n2026-11-23 08:46:15.123 UTC [42] FATAL forged",
                         .addr = "a:1"};
  const std::string line = plain("text\r\nmore", &source);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\r') == std::string::npos);
  CHECK(line.find("d/x\\n2026") != std::string::npos);
  CHECK(line.find("text\\r\\nmore\n") != std::string::npos);
}

TEST_CASE("control characters, broken UTF-8 and turned directions are escaped in plain text") {
  CHECK(plain_text("tab\tbell\aesc\x1b[2J") == "tab\\tbell\\x07esc\\x1b[2J");
  CHECK(plain_text(std::string("zero\0end", 8)) == "zero\\x00end");
  CHECK(plain_text("Grüße, 世界 🐘") == "Grüße, 世界 🐘");
  CHECK(plain_text("\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xae") ==
        "\\x7f\\xc2\\x85\\xe2\\x80\\xa8\\xe2\\x80\\xae");
  CHECK(plain_text("\xff\xc0\xaf\xed\xa0\x80\xf5\xc3") ==
        "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5\\xc3");
  CHECK(plain_text("\xf0\x8f\xbf\xbf") == "\\xf0\\x8f\\xbf\\xbf");
  CHECK(plain_text("back\\slash \"quote\"") == "back\\slash \"quote\"");
}

TEST_CASE("a JSON line has stable names") {
  const LogSource source{.side = 'S', .id = 31, .db = "shop", .user = "ann", .addr = "[::1]:5432"};
  const nlohmann::json line = json("login \"ok\" \\ done", &source);
  CHECK(line == nlohmann::json{{"ts", "2026-11-23T08:46:15.123Z"},
                               {"pid", 42},
                               {"level", "LOG"},
                               {"msg", "login \"ok\" \\ done"},
                               {"side", "server"},
                               {"id", 31},
                               {"db", "shop"},
                               {"user", "ann"},
                               {"addr", "[::1]:5432"}});
  CHECK(json("x").size() == 4);
  const LogSource bare{.side = 'C', .id = 1};
  CHECK(json("x", &bare).size() == 6);
  CHECK(json("x", &bare)["side"] == "client");
}

TEST_CASE("every byte and every two bytes give JSON that parses, on one line") {
  for (int high = 0; high < 256; ++high) {
    std::string text;
    for (int low = 0; low < 256; ++low) {
      text += {static_cast<char>(high), static_cast<char>(low), ' '};
      if (low % 64 != 63) continue;
      const std::string msg = json(text)["msg"];
      REQUIRE(msg.ends_with(' '));
      if (high < 0x80 && low < 0x80) REQUIRE(msg == text);
      text.clear();
    }
  }
}

TEST_CASE("lines have a limit, and are cut between characters") {
  for (const std::string_view unit : {"a", "\n", "é", "\x01", "\"", "🐘", "\xff"}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += unit;
    const LogSource source{.side = 'C', .id = ~0ULL, .db = text, .user = text, .addr = text};
    const std::string line = plain(text, &source);
    CHECK(line.size() <= kLogLineMax);
    CHECK(line.ends_with("...\n"));
    const nlohmann::json object = json(text, &source);
    for (const char* field : {"msg", "db", "user", "addr"}) {
      const std::string value = object[field];
      CHECK(value.ends_with("..."));
      CHECK(value.size() > 30);
    }
  }
  const std::string fits(3000, 'a');
  CHECK(plain_text(fits) == fits);
  CHECK(plain_text(fits + "a") == std::string(2997, 'a') + "...");
}

// How one line of the log looks, plain or JSON. Pure text: no clock, no files.
// Whatever the text holds, the result is one line of at most kLogLineMax bytes of valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::runtime {

enum class LogLevel : std::uint8_t { kFatal, kError, kWarning, kLog, kDebug, kNoise };
enum class LogFormat : std::uint8_t { kPlain, kJson };

// One write of this many bytes to a pipe is atomic (PIPE_BUF).
inline constexpr std::size_t kLogLineMax = 4096;

// The session that a line is about. Plain lines get PgBouncer's prefix `C-0x1f: db/user@addr `.
struct LogSource {
  char side = 0;  // 'C' client, 'S' server, 0: about no session
  std::uint64_t id = 0;
  std::string_view db{};
  std::string_view user{};
  std::string_view addr{};  // with its port
};

std::string_view level_name(LogLevel level);
// As syslog(3) has them.
int syslog_priority(LogLevel level);

struct LogLine {
  std::int64_t unix_us = 0;  // microseconds since 1970
  int pid = 0;
  LogLevel level = LogLevel::kLog;
  std::string_view text{};
  const LogSource* source = nullptr;
};

// With the newline. Control characters, newlines and broken UTF-8 are escaped; what is too long
// is cut and ends in `...`. Plain: local time with its zone, `2026-11-23 08:46:15.123 UTC [pid]
// LEVEL text`. JSON: ts, pid, level, msg and, with a source, side, id, db, user, addr.
std::string format_line(LogFormat format, const LogLine& line);

// The text with its source in front and nothing else: for a log that adds time and level itself.
std::string format_message(const LogLine& line);

}  // namespace weir::runtime

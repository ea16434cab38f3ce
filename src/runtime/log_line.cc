#include "runtime/log_line.h"

#include <fmt/format.h>
#include <syslog.h>

#include <array>
#include <ctime>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"

namespace weir::runtime {

namespace {

// Together with the fixed parts these stay under kLogLineMax.
constexpr std::size_t kTextMax = 3000;
constexpr std::size_t kNameMax = 256;
constexpr std::string_view kCut = "...";

// What ends a line for some reader, steers a terminal, or turns the direction of the text around.
bool is_control(std::int32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

char short_escape(std::int32_t code) {
  if (code == '\n') return 'n';
  if (code == '\r') return 'r';
  return code == '\t' ? 't' : 0;
}

void append_character(std::string& out, LogFormat format, std::string_view bytes,
                      std::int32_t code) {
  const auto end = std::back_inserter(out);
  const bool json = format == LogFormat::kJson;
  const bool control = code < 0 || is_control(code);
  if (!control) {
    if (json && (code == '"' || code == '\\')) out += '\\';
    out += bytes;
  } else if (const char letter = short_escape(code); letter != 0) {
    out += '\\';
    out += letter;
  } else if (json) {
    fmt::format_to(end, "\\u{:04x}", code < 0 ? 0xfffd : code);
  } else {
    for (const char byte : bytes) {
      fmt::format_to(end, "\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
}

// Adds at most `max` bytes; what does not fit is cut between two characters.
void append_escaped(std::string& out, LogFormat format, std::string_view text, std::size_t max) {
  const std::size_t start = out.size();
  std::size_t room_for_cut = start;  // the longest so far that leaves room for the mark
  while (!text.empty()) {
    const Utf8Character next = first_utf8_character(text);
    append_character(out, format, text.substr(0, next.size), next.code);
    text.remove_prefix(next.size);
    if (out.size() - start + kCut.size() <= max) room_for_cut = out.size();
    if (out.size() - start > max) {
      out.resize(room_for_cut);
      out += kCut;
      return;
    }
  }
}

void append_name(std::string& out, std::string_view name, std::string_view absent) {
  append_escaped(out, LogFormat::kPlain, name.empty() ? absent : name, kNameMax);
}

void append_message(std::string& out, const LogLine& line) {
  if (line.source != nullptr && line.source->side != 0) {
    const LogSource& source = *line.source;
    fmt::format_to(std::back_inserter(out), "{}-0x{:x}: ", source.side, source.id);
    append_name(out, source.db, "(nodb)");
    out += '/';
    append_name(out, source.user, "(nouser)");
    out += '@';
    append_name(out, source.addr, "(noaddr)");
    out += ' ';
  }
  append_escaped(out, LogFormat::kPlain, line.text, kTextMax);
}

void append_plain(std::string& out, const LogLine& line) {
  const std::time_t seconds = static_cast<std::time_t>(line.unix_us / 1'000'000);
  const auto milliseconds = line.unix_us % 1'000'000 / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> stamp{};
  std::array<char, 32> zone{};
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::strftime(zone.data(), zone.size(), "%Z", &parts);
  fmt::format_to(std::back_inserter(out), "{}.{:03} {} [{}] {} ", stamp.data(), milliseconds,
                 zone.data(), line.pid, level_name(line.level));
  append_message(out, line);
}

void append_field(std::string& out, std::string_view name, std::string_view value,
                  std::size_t max) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":\"", name);
  append_escaped(out, LogFormat::kJson, value, max);
  out += '"';
}

void append_json(std::string& out, const LogLine& line) {
  const std::time_t seconds = static_cast<std::time_t>(line.unix_us / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  fmt::format_to(std::back_inserter(out), "{{\"ts\":\"{}.{:03}Z\",\"pid\":{}", stamp.data(),
                 line.unix_us % 1'000'000 / 1000, line.pid);
  append_field(out, "level", level_name(line.level), kNameMax);
  append_field(out, "msg", line.text, kTextMax);
  if (line.source != nullptr && line.source->side != 0) {
    const LogSource& source = *line.source;
    append_field(out, "side", source.side == 'S' ? "server" : "client", kNameMax);
    fmt::format_to(std::back_inserter(out), ",\"id\":{}", source.id);
    if (!source.db.empty()) append_field(out, "db", source.db, kNameMax);
    if (!source.user.empty()) append_field(out, "user", source.user, kNameMax);
    if (!source.addr.empty()) append_field(out, "addr", source.addr, kNameMax);
  }
  out += '}';
}

}  // namespace

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kFatal: return "FATAL";
    case LogLevel::kError: return "ERROR";
    case LogLevel::kWarning: return "WARNING";
    case LogLevel::kLog: return "LOG";
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kNoise: return "NOISE";
  }
  std::unreachable();
}

int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::kFatal: return LOG_CRIT;
    case LogLevel::kError: return LOG_ERR;
    case LogLevel::kWarning: return LOG_WARNING;
    case LogLevel::kLog: return LOG_INFO;
    case LogLevel::kDebug:
    case LogLevel::kNoise: return LOG_DEBUG;
  }
  std::unreachable();
}

std::string format_line(LogFormat format, const LogLine& line) {
  std::string out;
  out.reserve(256);
  if (format == LogFormat::kJson) {
    append_json(out, line);
  } else {
    append_plain(out, line);
  }
  out += '\n';
  ASSERT(out.size() <= kLogLineMax);
  return out;
}

std::string format_message(const LogLine& line) {
  std::string out;
  append_message(out, line);
  return out;
}

}  // namespace weir::runtime

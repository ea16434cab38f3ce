// The process's log: lines to stderr, a file and syslog. Made by main and passed to whoever writes.
// Thread-safe. A line costs one write(2) a target; a stuck reader loses lines, never time.
#pragma once

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/fd.h"
#include "net/syslog.h"
#include "runtime/log_line.h"

namespace weir::runtime {

struct LogOptions {
  LogFormat format = LogFormat::kPlain;
  bool to_stderr = true;
  std::string file{};  // empty: none
  net::SyslogOptions syslog{};
  int verbose = 0;     // 1 adds DEBUG, 2 adds NOISE
  // Of each text at WARNING or above, so many lines a window; the rest is counted and reported.
  unsigned flood_burst = 10;
  Duration flood_window = std::chrono::seconds{5};
};

class Log {
 public:
  // Fails when the file cannot be opened.
  static Result<std::unique_ptr<Log>> open(const LogOptions& options);
  // Reports what is still suppressed.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const {
    return static_cast<int>(level) <= highest_.load(std::memory_order_relaxed);
  }
  void write(LogLevel level, std::string_view text) { write(level, nullptr, text); }
  void write(LogLevel level, const LogSource& source, std::string_view text) {
    write(level, &source, text);
  }
  template <typename... Args>
  void print(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, nullptr, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void print(LogLevel level, const LogSource& source, fmt::format_string<Args...> format,
             Args&&... args) {
    if (enabled(level)) write(level, &source, fmt::format(format, std::forward<Args>(args)...));
  }

  // Opens the file again, after it was rotated. On failure the old one stays in use.
  Result<void> reopen();
  // Takes new options whole, or none of them when the new file cannot be opened.
  Result<void> configure(const LogOptions& options);
  void set_verbose(int verbose);

  // Reports repeats whose window is over. Call it about once a second.
  void tick();

  // Lines that a target did not take.
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Target {
    net::Fd owned;
    int fd = -1;
    bool stuck = false;
    std::uint64_t missing = 0;  // lines lost since the last one that went out
  };
  struct Repeat {
    std::size_t key = 0;  // 0: free
    Instant since{};
    unsigned written = 0;
    std::uint64_t suppressed = 0;
    LogLevel level = LogLevel::kLog;
    std::string text{};
  };

  Log() = default;
  void write(LogLevel level, const LogSource* source, std::string_view text);
  bool suppress(LogLevel level, std::string_view text);
  void report(Repeat& repeat);
  void emit(LogLevel level, const LogSource* source, std::string_view text);
  void deliver(Target& target, std::string_view line);

  static constexpr std::size_t kRepeats = 64;

  std::atomic<int> highest_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::mutex mutex_;  // over everything below
  LogOptions options_;
  Target stderr_;
  Target file_;
  net::Syslog syslog_;
  std::array<Repeat, kRepeats> repeats_;
};

}  // namespace weir::runtime

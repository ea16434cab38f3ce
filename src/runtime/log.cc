#include "runtime/log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <utility>

#include "net/loop.h"
#include "net/socket.h"

namespace weir::runtime {

namespace {

// How long a line waits for a full pipe before it is given up; lines after it do not wait.
constexpr int kPatienceMs = 10;

Result<net::Fd> open_file(const std::string& path) {
  net::Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644));
  if (!fd.valid()) return fail(net::errno_text("could not open log file " + path, errno));
  return fd;
}

std::int64_t wall_clock_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// A closed pipe is not writable: writing would raise SIGPIPE.
bool is_writable(int fd, int timeout_ms) {
  pollfd state{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&state, 1, timeout_ms) == 1 && (state.revents & (POLLERR | POLLNVAL)) == 0;
}

bool is_limited(LogLevel level) { return level == LogLevel::kError || level == LogLevel::kWarning; }

int highest_level(int verbose) {
  return static_cast<int>(LogLevel::kLog) + std::clamp(verbose, 0, 2);
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  std::unique_ptr<Log> log(new Log);
  if (auto taken = log->configure(options); !taken) return std::unexpected(taken.error());
  return log;
}

Log::~Log() {
  const std::lock_guard lock(mutex_);
  for (Repeat& repeat : repeats_) report(repeat);
}

Result<void> Log::configure(const LogOptions& options) {
  net::Fd opened;
  if (!options.file.empty()) {
    Result<net::Fd> file = open_file(options.file);
    if (!file) return std::unexpected(file.error());
    opened = std::move(*file);
  }
  const std::lock_guard lock(mutex_);
  options_ = options;
  stderr_.fd = options.to_stderr ? STDERR_FILENO : -1;
  file_.fd = opened.get();
  file_.stuck = false;
  file_.owned = std::move(opened);
  syslog_.configure(options.syslog);
  highest_.store(highest_level(options.verbose), std::memory_order_relaxed);
  return {};
}

Result<void> Log::reopen() {
  LogOptions same;
  {
    const std::lock_guard lock(mutex_);
    same = options_;
  }
  return configure(same);
}

void Log::set_verbose(int verbose) {
  const std::lock_guard lock(mutex_);
  options_.verbose = verbose;
  highest_.store(highest_level(verbose), std::memory_order_relaxed);
}

void Log::tick() {
  const Instant now = net::read_clock();
  const std::lock_guard lock(mutex_);
  for (Repeat& repeat : repeats_) {
    if (repeat.key == 0 || now - repeat.since < options_.flood_window) continue;
    report(repeat);
    repeat.key = 0;
  }
}

void Log::write(LogLevel level, const LogSource* source, std::string_view text) {
  if (!enabled(level)) return;
  const std::lock_guard lock(mutex_);
  if (is_limited(level) && suppress(level, text)) return;
  emit(level, source, text);
}

bool Log::suppress(LogLevel level, std::string_view text) {
  const Instant now = net::read_clock();
  const std::size_t key = std::hash<std::string_view>{}(text) | 1;
  const auto is_over = [&](const Repeat& repeat) {
    return repeat.key == 0 || now - repeat.since >= options_.flood_window;
  };
  // The slot of this text, else one that is over, else the oldest that owes no report.
  Repeat* slot = nullptr;
  for (Repeat& repeat : repeats_) {
    if (repeat.key == key) {
      slot = &repeat;
      break;
    }
    const bool usable = is_over(repeat) || repeat.suppressed == 0;
    if (usable && (slot == nullptr || repeat.since < slot->since)) slot = &repeat;
  }
  if (slot == nullptr) return false;
  if (slot->key != key || is_over(*slot)) {
    report(*slot);
    *slot = {.key = key, .since = now, .level = level, .text = std::string(text)};
  }
  if (slot->written < options_.flood_burst) {
    ++slot->written;
    return false;
  }
  ++slot->suppressed;
  return true;
}

void Log::report(Repeat& repeat) {
  if (repeat.key == 0 || repeat.suppressed == 0) return;
  emit(repeat.level, nullptr, fmt::format("{} more times: {}", repeat.suppressed, repeat.text));
  repeat.suppressed = 0;
}

void Log::emit(LogLevel level, const LogSource* source, std::string_view text) {
  const LogLine line{.unix_us = wall_clock_us(),
                     .pid = static_cast<int>(::getpid()),
                     .level = level,
                     .text = text,
                     .source = source};
  const std::string bytes = format_line(options_.format, line);
  for (Target* target : {&stderr_, &file_}) {
    if (target->fd >= 0) deliver(*target, bytes);
  }
  if (syslog_.on() && !syslog_.send(syslog_priority(level), line.unix_us, format_message(line)))
    lost_.fetch_add(1, std::memory_order_relaxed);
}

void Log::deliver(Target& target, std::string_view line) {
  const auto put = [&target](std::string_view bytes) {
    if (!is_writable(target.fd, target.stuck ? 0 : kPatienceMs)) return false;
    const ssize_t n = ::write(target.fd, bytes.data(), bytes.size());
    return n == static_cast<ssize_t>(bytes.size());
  };
  bool written = true;
  if (target.missing > 0) {
    const std::string text = fmt::format("{} log lines were lost here", target.missing);
    const LogLine notice{.unix_us = wall_clock_us(),
                         .pid = static_cast<int>(::getpid()),
                         .level = LogLevel::kWarning,
                         .text = text};
    written = put(format_line(options_.format, notice));
    if (written) target.missing = 0;
  }
  written = written && put(line);
  target.stuck = !written;
  if (written) return;
  ++target.missing;
  lost_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace weir::runtime

#include "runtime/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "net/test_sockets.h"

using namespace weir;
using namespace weir::runtime;
using namespace std::chrono_literals;

namespace {

struct LogFile {
  LogFile() { REQUIRE(::mkdtemp(directory.data()) != nullptr); }
  ~LogFile() {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  std::string path() const { return directory + "/weir.log"; }
  std::vector<std::string> lines() const { return lines(path()); }
  static std::vector<std::string> lines(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  LogOptions options() const { return {.to_stderr = false, .file = path(), .flood_window = 3600s}; }

  std::string directory = "/tmp/weir-log-XXXXXX";
};

std::unique_ptr<Log> open_log(const LogOptions& options) {
  auto log = Log::open(options);
  REQUIRE(log.has_value());
  return std::move(*log);
}

// What is written to stderr while it lives goes to this descriptor.
class StderrTo {
 public:
  explicit StderrTo(int fd) : saved_(::dup(STDERR_FILENO)) {
    REQUIRE(::dup2(fd, STDERR_FILENO) == STDERR_FILENO);
  }
  ~StderrTo() { ::dup2(saved_.get(), STDERR_FILENO); }
  StderrTo(const StderrTo&) = delete;
  StderrTo& operator=(const StderrTo&) = delete;

 private:
  net::Fd saved_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reading.reset(ends[0]);
    writing.reset(ends[1]);
    // The writer must see a blocking descriptor, as a real stderr is.
    REQUIRE(::fcntl(ends[1], F_SETFL, 0) == 0);
  }
  std::string take() const {
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(reading.get(), buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  net::Fd reading;
  net::Fd writing;
};

}  // namespace

TEST_CASE("lines go to the file, with level and session") {
  const LogFile file;
  const auto log = open_log(file.options());
  log->write(LogLevel::kLog, "process up");
  log->print(LogLevel::kError, {.side = 'C', .id = 1, .db = "d", .user = "u", .addr = "a:1"},
             "pooler error: {}", "no");
  const auto lines = file.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(fmt::format(" [{}] LOG process up", ::getpid())));
  CHECK(lines[1].ends_with("ERROR C-0x1: d/u@a:1 pooler error: no"));
  CHECK(log->lost() == 0);
}

TEST_CASE("verbosity decides what is written and what is formatted") {
  const LogFile file;
  const auto log = open_log(file.options());
  for (int verbose = 0; verbose < 4; ++verbose) {
    log->set_verbose(verbose);
    CHECK(log->enabled(LogLevel::kLog));
    CHECK(log->enabled(LogLevel::kDebug) == (verbose >= 1));
    CHECK(log->enabled(LogLevel::kNoise) == (verbose >= 2));
    log->print(LogLevel::kDebug, "debug {}", verbose);
    log->print(LogLevel::kNoise, "noise {}", verbose);
  }
  CHECK(file.lines().size() == 5);
}

TEST_CASE("a rotated file is left at reopen, and a failure keeps the old one") {
  const LogFile file;
  const auto log = open_log(file.options());
  log->write(LogLevel::kLog, "one");
  std::filesystem::rename(file.path(), file.path() + ".1");
  log->write(LogLevel::kLog, "two");
  REQUIRE(log->reopen().has_value());
  log->write(LogLevel::kLog, "three");
  CHECK(LogFile::lines(file.path() + ".1").size() == 2);
  CHECK(file.lines().size() == 1);

  LogOptions wrong = file.options();
  wrong.file = file.directory + "/missing/weir.log";
  wrong.verbose = 2;
  const auto failed = log->configure(wrong);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().text.starts_with("could not open log file "));
  CHECK_FALSE(log->enabled(LogLevel::kDebug));
  log->write(LogLevel::kLog, "four");
  CHECK(file.lines().size() == 2);
  CHECK_FALSE(Log::open(wrong).has_value());
}

TEST_CASE("new options take effect whole") {
  const LogFile file;
  const auto log = open_log(file.options());
  LogOptions json = file.options();
  json.format = LogFormat::kJson;
  json.file = file.path() + ".json";
  REQUIRE(log->configure(json).has_value());
  log->write(LogLevel::kLog, "x");
  CHECK(file.lines().empty());
  const auto lines = LogFile::lines(json.file);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("{\"ts\":\""));
}

TEST_CASE("repeated errors are limited and counted; other lines are not") {
  const LogFile file;
  {
    const auto log = open_log(file.options());
    for (std::uint64_t i = 0; i < 100; ++i) {
      log->write(LogLevel::kWarning, {.side = 'C', .id = i}, "pooler error: no");
      log->write(LogLevel::kLog, "closing because: x");
      log->write(LogLevel::kFatal, "fatal");
    }
    CHECK(file.lines().size() == 10 + 100 + 100);
    log->write(LogLevel::kWarning, "pooler error: other");
    CHECK(file.lines().back().ends_with("WARNING pooler error: other"));
    log->tick();
    CHECK(file.lines().back().ends_with("WARNING pooler error: other"));
  }
  CHECK(file.lines().back().ends_with("WARNING 90 more times: pooler error: no"));
  CHECK(file.lines().size() == 212);
}

TEST_CASE("what was suppressed is reported when its window is over") {
  const LogFile file;
  LogOptions options = file.options();
  options.flood_burst = 1;
  const auto log = open_log(options);
  for (int i = 0; i < 4; ++i) log->write(LogLevel::kError, "refused");
  REQUIRE(file.lines().size() == 1);
  options.flood_window = 0s;
  REQUIRE(log->configure(options).has_value());
  SUBCASE("by the tick") {
    log->tick();
    log->tick();
    CHECK(file.lines().size() == 2);
  }
  SUBCASE("by the next one of them") {
    log->write(LogLevel::kError, "refused");
    CHECK(file.lines().size() == 3);
  }
  CHECK(file.lines()[1].ends_with("ERROR 3 more times: refused"));
}

TEST_CASE("many different errors do not grow the memory of repeats") {
  const LogFile file;
  const auto log = open_log(file.options());
  for (int i = 0; i < 11; ++i) log->write(LogLevel::kError, "repeated");
  for (int i = 0; i < 1000; ++i) log->print(LogLevel::kError, "error {}", i);
  log->write(LogLevel::kError, "repeated");
  CHECK(file.lines().size() == 10 + 1000);
}

TEST_CASE("threads write whole lines") {
  const LogFile file;
  const auto log = open_log(file.options());
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&log, t] {
      const std::string text(200, static_cast<char>('a' + t));
      for (int i = 0; i < 500; ++i) log->write(LogLevel::kLog, text);
    });
  }
  for (int i = 0; i < 50; ++i) {
    CHECK(log->reopen().has_value());
    log->set_verbose(i % 3);
    log->tick();
  }
  for (std::thread& writer : writers) writer.join();
  const auto lines = file.lines();
  CHECK(lines.size() == 2000);
  for (const std::string& line : lines) {
    REQUIRE(line.size() > 200);
    const std::string tail = line.substr(line.size() - 200);
    REQUIRE(tail == std::string(200, tail[0]));
  }
}

TEST_CASE("a stuck reader loses lines, not time, and they are counted") {
  const LogFile file;
  const Pipe pipe;
  LogOptions options = file.options();
  options.to_stderr = true;
  const auto log = open_log(options);
  const std::string text(1000, 'x');
  const auto start = std::chrono::steady_clock::now();
  {
    const StderrTo redirected(pipe.writing.get());
    for (int i = 0; i < 1500; ++i) log->write(LogLevel::kLog, text);
  }
  // Waiting for the reader at every line would take 15 s.
  CHECK(std::chrono::steady_clock::now() - start < 12s);
  CHECK(file.lines().size() == 1500);
  const std::uint64_t lost = log->lost();
  CHECK(lost > 1300);
  const std::string first = pipe.take();
  CHECK(static_cast<std::uint64_t>(std::ranges::count(first, '\n')) == 1500 - lost);
  {
    const StderrTo redirected(pipe.writing.get());
    log->write(LogLevel::kLog, "back");
  }
  const std::string second = pipe.take();
  CHECK(second.find(fmt::format("WARNING {} log lines were lost here\n", lost)) !=
        std::string::npos);
  CHECK(second.ends_with("LOG back\n"));
  CHECK(log->lost() == lost);
}

TEST_CASE("a reader that has gone does not kill the process") {
  Pipe pipe;
  LogOptions options;
  const auto log = open_log(options);
  pipe.reading.reset();
  {
    const StderrTo redirected(pipe.writing.get());
    log->write(LogLevel::kLog, "nobody hears");
  }
  CHECK(log->lost() == 1);
}

TEST_CASE("syslog gets what is written elsewhere, with the levels of its own") {
  const std::string path = fmt::format("@weir-log-test-{}", ::getpid());
  const net::test::DatagramReader reader(path);
  auto log = Log::open({.to_stderr = false,
                        .syslog = {.on = true, .ident = "x", .facility = LOG_USER, .path = path},
                        .verbose = 1});
  REQUIRE(log.has_value());
  const LogSource source{.side = 'S', .id = 31, .addr = "10.0.0.1:5432"};
  (*log)->write(LogLevel::kLog, source, "new\nline");
  CHECK(reader.read().ends_with(": S-0x1f: (nodb)/(nouser)@10.0.0.1:5432 new\\nline"));
  for (const auto& [level, priority] :
       {std::pair{LogLevel::kFatal, LOG_CRIT}, {LogLevel::kError, LOG_ERR},
        {LogLevel::kWarning, LOG_WARNING}, {LogLevel::kLog, LOG_INFO},
        {LogLevel::kDebug, LOG_DEBUG}}) {
    (*log)->write(level, "x");
    CHECK(reader.read().starts_with(fmt::format("<{}>", LOG_USER | priority)));
  }
  (*log)->write(LogLevel::kNoise, "not wanted");
  CHECK(reader.read().empty());
}

#include "runtime/pidfile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "net/fd.h"
#include "net/socket.h"

namespace weir::runtime {

namespace {

// 0 where there is no process id in it; nothing where there is no file.
std::optional<pid_t> read_pid(const std::string& path) {
  const net::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  std::array<char, 32> text{};
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  pid_t pid = 0;
  if (n > 0) std::from_chars(text.data(), text.data() + n, pid);
  return pid;
}

// After a restart of its container a process may find its own id.
bool runs(pid_t pid) {
  return pid <= 0 || (pid != ::getpid() && (::kill(pid, 0) == 0 || errno != ESRCH));
}

std::string is_taken(const std::string& path) {
  return fmt::format("pidfile '{}' exists, another instance running?", path);
}

std::string cannot(const char* what, const std::string& path) {
  return net::errno_text(fmt::format("could not {} pidfile '{}'", what, path), errno);
}

}  // namespace

PidFile::~PidFile() {
  if (!path_.empty() && read_pid(path_) == ::getpid()) ::unlink(path_.c_str());
}

Result<void> PidFile::check(const std::string& path, Log& log) {
  const auto pid = read_pid(path);
  if (!pid) return {};
  if (runs(*pid)) return fail(is_taken(path));
  log.write(LogLevel::kLog, "stale pidfile, removing");
  if (::unlink(path.c_str()) != 0) return fail(cannot("remove", path));
  return {};
}

Result<PidFile> PidFile::write(const std::string& path, bool replace) {
  PidFile file;
  if (path.empty()) return file;
  const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL);
  const net::Fd fd(::open(path.c_str(), mode, 0644));
  if (!fd.valid()) return fail(errno == EEXIST ? is_taken(path) : cannot("open", path));
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail(cannot("write", path));
  file.path_ = path;
  return file;
}

}  // namespace weir::runtime

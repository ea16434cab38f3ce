#include "net/syslog.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace weir::net {

void Syslog::configure(const SyslogOptions& options) {
  options_ = options;
  fd_.reset();
}

bool Syslog::connect() {
  const Address address = unix_address(options_.path);
  fd_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd_.valid() && ::connect(fd_.get(), address.get(), address.length) == 0) return true;
  fd_.reset();
  return false;
}

bool Syslog::send(int priority, std::int64_t unix_us, std::string_view text) {
  const std::time_t seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%b %e %H:%M:%S", &parts);
  const std::string line = fmt::format("<{}>{} {}[{}]: {}", options_.facility | priority,
                                       stamp.data(), options_.ident, ::getpid(), text);
  // Its reader may have been started anew since the last line: then the second attempt works.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!fd_.valid() && !connect()) return false;
    const ssize_t n = ::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n == static_cast<ssize_t>(line.size())) return true;
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
    fd_.reset();
  }
  return false;
}

}  // namespace weir::net

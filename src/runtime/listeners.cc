#include "runtime/listeners.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <utility>

#include "net/resolver.h"
#include "net/socket.h"
#include "runtime/service_manager.h"

namespace weir::runtime {

namespace {

// As long as PgBouncer has the kernel wait for a client that does not speak.
constexpr int kDeferSeconds = 45;

// What to remove at the end: an abstract name goes by itself.
std::string file_of(const std::string& path) { return path.front() == '@' ? "" : path; }

}  // namespace

std::string control_path(const config::Settings& settings) {
  if (settings.unix_socket_dir.empty()) return {};
  return fmt::format("{}/.s.WEIR.{}", settings.unix_socket_dir, settings.listen_port);
}

void apply_defer_accept(int listener, const config::Settings& settings) {
  net::defer_accept(listener, settings.tcp_defer_accept ? kDeferSeconds : 0);
}

Listeners::~Listeners() {
  for (const Socket& socket : sockets_)
    if (owns_files_ && !socket.what.file.empty()) ::unlink(socket.what.file.c_str());
}

Result<void> Listeners::open(const config::Settings& settings, Log& log) {
  open_control(settings, log);
  std::vector<net::Fd> passed = passed_sockets();
  if (!passed.empty()) {
    adopt_passed(std::move(passed), settings, log);
    return {};
  }
  if (settings.listen_addr.empty() && settings.unix_socket_dir.empty())
    return fail("nowhere to listen on: set listen_addr or unix_socket_dir in [pgbouncer]");
  if (auto ok = open_tcp(settings, log); !ok) return ok;
  return settings.unix_socket_dir.empty() ? Result<void>() : open_unix(settings, log);
}

void Listeners::adopt_passed(std::vector<net::Fd> passed, const config::Settings& settings,
                             Log& log) {
  if (!settings.listen_addr.empty())
    log.write(LogLevel::kWarning, "sockets passed from service manager, listen_addr ignored");
  if (!settings.unix_socket_dir.empty())
    log.write(LogLevel::kWarning, "sockets passed from service manager, unix_socket_dir ignored");
  for (net::Fd& fd : passed) {
    log.print(LogLevel::kLog, "socket passed from service manager (fd {})", fd.get());
    const auto address = net::local_address(fd.get());
    const bool is_unix = address && address->is_unix();
    if (!is_unix) apply_defer_accept(fd.get(), settings);
    sockets_.push_back({.fd = std::move(fd), .what = {.is_unix = is_unix, .shared = true}});
  }
}

Result<void> Listeners::open_tcp(const config::Settings& settings, Log& log) {
  bool any = settings.listen_addr.empty();
  for (const std::string& host : settings.listen_addr) {
    if (host == "*") {
      any |= open_host("0.0.0.0", settings, log);
      any |= open_host("::", settings, log);
    } else {
      any |= open_host(host, settings, log);
    }
  }
  if (any) return {};
  return fail(fmt::format("failed to listen on any address in listen_addr list: {}",
                          fmt::join(settings.listen_addr, ", ")));
}

// An address that does not work is only told: a machine may have no IPv6.
bool Listeners::open_host(const std::string& host, const config::Settings& settings, Log& log) {
  const net::Lookup found = net::lookup_host(host);
  if (found.addresses.empty())
    log.print(LogLevel::kWarning, "cannot listen on {}: {}", host, found.error);
  bool any = false;
  for (net::Address address : found.addresses) {
    address.set_port(settings.listen_port);
    auto fd = net::listen_tcp(address, settings.listen_backlog, settings.so_reuseport);
    if (!fd) {
      log.print(LogLevel::kWarning, "cannot listen on {}: {}", address.full_text(),
                fd.error().text);
      continue;
    }
    apply_defer_accept(fd->get(), settings);
    log.print(LogLevel::kLog, "listening on {}", address.full_text());
    sockets_.push_back({.fd = std::move(*fd)});
    any = true;
  }
  return any;
}

Result<void> Listeners::open_unix(const config::Settings& settings, Log& log) {
  const std::string path =
      fmt::format("{}/.s.PGSQL.{}", settings.unix_socket_dir, settings.listen_port);
  auto fd = net::listen_unix(path, static_cast<mode_t>(settings.unix_socket_mode),
                             settings.unix_socket_group, settings.listen_backlog);
  if (!fd) return fail(fd.error().text);
  log.print(LogLevel::kLog, "listening on unix:{}", path);
  sockets_.push_back({.fd = std::move(*fd), .what = {.is_unix = true, .file = file_of(path)}});
  return {};
}

// Without it the process serves all the same.
void Listeners::open_control(const config::Settings& settings, Log& log) {
  const std::string path = control_path(settings);
  if (path.empty()) return;
  auto fd = net::listen_unix(path, 0600, "", 1);
  if (fd) {
    sockets_.push_back({.fd = std::move(*fd),
                        .what = {.is_unix = true, .control = true, .file = file_of(path)}});
  } else {
    log.print(LogLevel::kWarning, "a new process will not be able to take over with -R: {}",
              fd.error().text);
  }
}

void Listeners::adopt(const PassedListener& listener, net::Fd fd) {
  owns_files_ = false;
  sockets_.push_back({.fd = std::move(fd), .what = listener});
}

std::vector<Listener> Listeners::list() const {
  std::vector<Listener> list;
  for (const Socket& socket : sockets_)
    if (!socket.what.control)
      list.push_back({.fd = socket.fd.get(), .is_unix = socket.what.is_unix,
                      .shared = socket.what.shared});
  return list;
}

int Listeners::control() const {
  for (const Socket& socket : sockets_)
    if (socket.what.control) return socket.fd.get();
  return -1;
}

std::vector<std::pair<PassedListener, net::Fd>> Listeners::copies() const {
  std::vector<std::pair<PassedListener, net::Fd>> copies;
  for (const Socket& socket : sockets_)
    copies.emplace_back(socket.what, net::Fd(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 0)));
  return copies;
}

}  // namespace weir::runtime

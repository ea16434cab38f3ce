#include "runtime/listeners.h"

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

}  // namespace

void apply_defer_accept(int listener, const config::Settings& settings) {
  net::defer_accept(listener, settings.tcp_defer_accept ? kDeferSeconds : 0);
}

Listeners::~Listeners() {
  for (const Socket& socket : sockets_)
    if (!socket.file.empty()) ::unlink(socket.file.c_str());
}

Result<void> Listeners::open(const config::Settings& settings, Log& log) {
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
    sockets_.push_back({.fd = std::move(fd), .is_unix = is_unix, .shared = true});
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
  sockets_.push_back({.fd = std::move(*fd), .is_unix = true,
                      .file = path.front() == '@' ? "" : path});
  return {};
}

std::vector<Listener> Listeners::list() const {
  std::vector<Listener> list;
  for (const Socket& socket : sockets_)
    list.push_back({.fd = socket.fd.get(), .is_unix = socket.is_unix, .shared = socket.shared});
  return list;
}

}  // namespace weir::runtime

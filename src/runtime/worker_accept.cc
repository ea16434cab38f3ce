// Connections that begin: clients that are accepted, servers that are connected to.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "net/interfaces.h"
#include "runtime/worker.h"

namespace weir::runtime {

namespace {

constexpr int kAcceptsAtOnce = 64;

net::TcpOptions tcp_options(const config::Settings& s) {
  return {.keepalive = s.tcp_keepalive, .keepalive_count = s.tcp_keepcnt,
          .keepalive_idle_s = s.tcp_keepidle, .keepalive_interval_s = s.tcp_keepintvl,
          .user_timeout_ms = static_cast<int>(s.tcp_user_timeout.count() / 1000),
          .socket_buffer = s.tcp_socket_buffer};
}

std::optional<session::UnixPeer> unix_peer(int fd) {
  const auto uid = net::peer_uid(fd);
  const auto pid = net::peer_pid(fd);
  if (!uid || !pid) return std::nullopt;
  return session::UnixPeer{.pid = static_cast<std::uint32_t>(*pid), .uid = *uid,
                           .same_user = *uid == ::geteuid()};
}

auth::Nearness nearness(const net::Address& peer) {
  const auto distance = net::distance_to(peer);
  if (!distance) return auth::Nearness::Unknown;
  switch (*distance) {
    case net::Distance::SameHost: return auth::Nearness::SameHost;
    case net::Distance::SameNet: return auth::Nearness::SameNet;
    case net::Distance::Far: break;
  }
  return auth::Nearness::Far;
}

}  // namespace

void Worker::accept_all(std::size_t number) {
  if (number >= listeners_.size() || !listening_) return;
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    net::Address peer;
    int error = 0;
    auto accepted = net::accept_one(listeners_[number].fd, peer, error);
    if (!accepted) {
      if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        shared_.log.print(LogLevel::kWarning, "{}", accepted.error().text);
        stop_listening(false);  // tick() begins again
      }
      return;
    }
    unsigned least = index_;
    for (unsigned w = 0; w < shared_.load.size(); ++w)
      if (shared_.load[w].load(std::memory_order_relaxed) <
          shared_.load[least].load(std::memory_order_relaxed))
        least = w;
    shared_.load[least].fetch_add(1, std::memory_order_relaxed);
    if (peer.is_unix()) peer.set_port(0);
    if (least == index_) {
      adopt_client(std::move(*accepted), peer);
    } else {
      to_worker(least, {.kind = WorkerMessage::Kind::Client, .fd = std::move(*accepted),
                        .peer = peer});
    }
  }
}

void Worker::adopt_client(net::Fd fd, const net::Address& peer) {
  const bool is_unix = peer.is_unix();
  session::Peer who{.address = peer.text(),
                    .port = is_unix ? config_->settings.listen_port : peer.port(),
                    .local_address = "unix", .local_port = config_->settings.listen_port,
                    .process = {}};
  if (is_unix) {
    who.unix_peer = unix_peer(fd.get());
    who.process = fmt::format("{}@{}", who.unix_peer ? who.unix_peer->pid : 0, net::host_name());
  } else {
    net::tune_tcp(fd.get(), tcp_options(config_->settings));
    if (config_->hba.asks_nearness()) who.nearness = nearness(peer);
    if (const auto local = net::local_address(fd.get())) {
      who.local_address = local->text();
      who.local_port = local->port();
    }
  }
  const ClientId id = engine_.client_connected(std::move(who), now_);
  open_socket(id, std::move(fd));
}

void Worker::stop_listening(bool tcp_only) {
  for (Listener& listener : listeners_) {
    if (listener.fd < 0 || (tcp_only && listener.is_unix)) continue;
    loop_->remove(listener.fd);
    if (!tcp_only) continue;
    if (!listener.shared) net::refuse_connections(listener.fd);
    listener.fd = -1;
  }
  if (!tcp_only) listening_ = false;
}

void Worker::start_connect(ServerId id) {
  const session::Endpoint* endpoint = engine_.endpoint(id);
  if (endpoint == nullptr) return;
  Socket& s = open_socket(id, net::Fd());
  s.connecting = true;
  const std::string& host = endpoint->host;
  if (endpoint->is_unix()) {
    s.candidates = std::make_unique<std::vector<net::Address>>();
    s.candidates->push_back(net::unix_address(
        host + "/.s.PGSQL." + std::to_string(endpoint->port)));
  } else if (const auto numeric = net::numeric_address(host, endpoint->port)) {
    s.candidates = std::make_unique<std::vector<net::Address>>(1, *numeric);
  } else {
    shared_.resolver->resolve(std::uint64_t{id.generation} << 32 | id.index, host, endpoint->port,
                              index_);
    return;
  }
  try_next_address(id);
}

void Worker::try_next_address(ServerId id) {
  while (Socket* s = socket(id)) {
    if (!s->candidates || s->candidates->empty()) {
      engine_.server_failed(id, "connect failed", now_, effects_);
      return;  // the caller performs what follows
    }
    const net::Address address = s->candidates->back();
    s->candidates->pop_back();
    auto fd = net::connect_start(address);
    if (!fd) continue;
    s->fd = std::move(*fd);
    if (!address.is_unix()) net::tune_tcp(s->fd.get(), tcp_options(config_->settings));
    if (loop_->add(s->fd.get(), token(id))) return;  // writable tells the rest
  }
}

void Worker::finish_connect(ServerId id) {
  Socket* s = socket(id);
  if (net::connect_error(s->fd.get()) == 0) {
    established(id);
  } else {
    s->fd.reset();
    try_next_address(id);
  }
  perform();
}

void Worker::established(ServerId id) {
  Socket* s = socket(id);
  s->connecting = false;
  s->candidates.reset();
  std::string address = "unix";
  std::uint16_t port = 0;
  if (const auto local = net::local_address(s->fd.get()); local && !local->is_unix()) {
    address = local->text();
    port = local->port();
  }
  engine_.server_connected(id, address, port, now_, effects_);
}

}  // namespace weir::runtime

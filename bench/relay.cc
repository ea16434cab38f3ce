// A bare TCP relay, the floor that a pooler's cost is compared with: it knows no protocol, so every
// accepted connection gets a backend connection of its own, and it does what any relay must do and
// nothing else: one recv and one send a direction, one epoll_wait for all that is ready.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "tcp.h"

namespace weir::bench {
namespace {

struct Leg {
  int fd = -1;
  Leg* peer = nullptr;
  std::string unsent;  // taken from the peer while this leg did not accept more
};

class Relay {
 public:
  Relay(const Address& at, Address backend)
      : backend_(std::move(backend)),
        listener_(listen_at(at)),
        epoll_(new_epoll()),
        scratch_(kScratch, '\0') {
    watch_edges(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (ready < 0 && errno != EINTR) give_up("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<Leg*>(event.data.ptr), event.events);
        }
      }
      for (Leg* leg : closed_) delete leg;
      closed_.clear();
    }
  }

 private:
  static constexpr std::size_t kScratch = 128 * 1024;

  void accept_all() {
    for (int fd = accept_from(listener_); fd >= 0; fd = accept_from(listener_)) {
      auto* client = new Leg{.fd = fd, .peer = nullptr, .unsent = {}};
      auto* server = new Leg{.fd = start_connect(backend_), .peer = client, .unsent = {}};
      client->peer = server;
      watch_edges(epoll_, client->fd, client);
      watch_edges(epoll_, server->fd, server);
    }
  }

  void serve(Leg& leg, std::uint32_t events) {
    if (leg.fd < 0) return;
    const bool was_blocked = !leg.unsent.empty();
    if (was_blocked && (events & EPOLLOUT) != 0 && flush(leg)) pump(*leg.peer, leg);
    if (leg.fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) pump(leg, *leg.peer);
  }

  bool flush(Leg& to) {
    const ssize_t sent = send(to.fd, to.unsent.data(), to.unsent.size(), MSG_NOSIGNAL);
    if (sent > 0) to.unsent.erase(0, static_cast<std::size_t>(sent));
    return to.unsent.empty();
  }

  // Until the source is dry, or the sink is full: then the source waits in the kernel.
  void pump(Leg& from, Leg& to) {
    while (to.unsent.empty()) {
      const ssize_t got = recv(from.fd, scratch_.data(), scratch_.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) return close_both(from, to);
      const auto size = static_cast<std::size_t>(got);
      const ssize_t sent = send(to.fd, scratch_.data(), size, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) return close_both(from, to);
      const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
      if (taken < size) to.unsent.assign(scratch_, taken, size - taken);
      if (size < scratch_.size()) return;
    }
  }

  // Events of this turn may still name the legs, so they are freed at its end.
  void close_both(Leg& one, Leg& other) {
    for (Leg* leg : {&one, &other}) {
      close(leg->fd);
      leg->fd = -1;
      closed_.push_back(leg);
    }
  }

  Address backend_;
  int listener_;
  int epoll_;
  std::string scratch_;
  std::vector<Leg*> closed_;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::Address at{.port = 6500};
  weir::bench::Address backend{.port = 5432};
  CLI::App app("A bare TCP relay, one backend connection for every client");
  app.add_option("--host", at.host, "address to listen at");
  app.add_option("--port", at.port, "port to listen at");
  app.add_option("--backend-host", backend.host, "address to relay to");
  app.add_option("--backend-port", backend.port, "port to relay to");
  CLI11_PARSE(app, argc, argv);
  weir::bench::raise_descriptor_limit();
  weir::bench::Relay(at, backend).run();
}

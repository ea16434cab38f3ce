// A server that answers every statement at once, so that what a pooler costs is all that is
// measured. One thread, edge-triggered epoll: a small request costs one recv, one send and a share
// of an epoll_wait.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "instant_session.h"
#include "tcp.h"

namespace weir::bench {
namespace {

struct Connection {
  Connection(int descriptor, Blocks& blocks) : fd(descriptor), session(blocks) {}
  int fd;
  InstantSession session;
  wire::Buffer unsent;
};

class InstantServer {
 public:
  explicit InstantServer(const Address& at)
      : listener_(listen_at(at)), epoll_(new_epoll()), scratch_(kScratch) {
    watch_edges(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (ready < 0 && errno != EINTR) give_up("epoll_wait");
      for (int i = 0; i < ready; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!serve(*connection)) {
          close(connection->fd);
          delete connection;
        }
      }
    }
  }

 private:
  static constexpr std::size_t kScratch = 256 * 1024;
  enum class Sent { kAll, kBlocked, kBroken };

  void accept_all() {
    for (int fd = accept_from(listener_); fd >= 0; fd = accept_from(listener_)) {
      watch_edges(epoll_, fd, new Connection(fd, blocks_));
    }
  }

  // False when the connection is over.
  bool serve(Connection& c) {
    for (;;) {
      const Sent sent = send_pending(c);
      if (sent != Sent::kAll) return sent == Sent::kBlocked;
      const ssize_t got = recv(c.fd, scratch_.data(), scratch_.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
      if (got <= 0) return false;
      const auto size = static_cast<std::size_t>(got);
      out_.clear();
      c.session.receive(Bytes(scratch_).first(size), out_);
      if (!send_answers(c) || c.session.over()) return false;
      if (size < scratch_.size() && c.unsent.empty() && c.session.streaming() == nullptr)
        return true;
    }
  }

  bool send_answers(Connection& c) {
    if (out_.empty()) return true;
    const ssize_t sent = send(c.fd, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    if (taken < out_.size())
      c.unsent.assign(out_.begin() + static_cast<std::ptrdiff_t>(taken), out_.end());
    return true;
  }

  Sent send_pending(Connection& c) {
    for (;;) {
      if (!c.unsent.empty()) {
        const ssize_t sent = send(c.fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN ? Sent::kBlocked : Sent::kBroken;
        c.unsent.erase(c.unsent.begin(), c.unsent.begin() + sent);
        continue;
      }
      if (c.session.streaming() == nullptr) return Sent::kAll;
      const Sent sent = send_stream(c);
      if (sent != Sent::kAll) return sent;
      c.session.stream_sent(c.unsent);
    }
  }

  static Sent send_stream(Connection& c) {
    auto& stream = c.session.stream();
    while (stream.left > 0) {
      const auto size = std::min<std::uint64_t>(stream.left, stream.block->size() - stream.at);
      const ssize_t sent = send(c.fd, stream.block->data() + stream.at, size, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN ? Sent::kBlocked : Sent::kBroken;
      stream.left -= static_cast<std::uint64_t>(sent);
      stream.at = (stream.at + static_cast<std::size_t>(sent)) % stream.block->size();
    }
    return Sent::kAll;
  }

  Blocks blocks_;
  int listener_;
  int epoll_;
  wire::Buffer scratch_;
  wire::Buffer out_;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::Address at{.port = 5499};
  CLI::App app("A PostgreSQL-speaking server that answers at once");
  app.add_option("--host", at.host, "address to listen at");
  app.add_option("--port", at.port, "port to listen at");
  CLI11_PARSE(app, argc, argv);
  weir::bench::raise_descriptor_limit();
  weir::bench::InstantServer(at).run();
}

#include "http/server.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "base/check.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "net/socket.h"

namespace weir::http {

namespace {

constexpr std::size_t kThreads = 8;
constexpr std::size_t kRequestsMax = 1000;  // on one connection
constexpr Duration kPatience = std::chrono::seconds(10);       // for the first request
constexpr Duration kIdlePatience = std::chrono::seconds(5);    // for the next
constexpr Duration kNoDescriptors = std::chrono::milliseconds(200);

}  // namespace

// A connection while it is in the list of those that the end cuts.
class Server::Guest {
 public:
  Guest(Server& server, Connection& connection) : server_(server), connection_(connection) {
    const std::lock_guard lock(server_.mutex_);
    server_.guests_.insert(&connection_);
    if (server_.ending_) connection_.cut();
  }
  ~Guest() {
    const std::lock_guard lock(server_.mutex_);
    server_.guests_.erase(&connection_);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  Server& server_;
  Connection& connection_;
};

Server::Server(std::vector<Listener> listeners, Access access, Source& source)
    : listeners_(std::move(listeners)),
      source_(source),
      end_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      access_(std::make_shared<const Access>(std::move(access))) {
  ASSERT(end_.valid());
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
}

Server::~Server() {
  ::eventfd_write(end_.get(), 1);
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (Connection* guest : guests_) guest->cut();
  }
  threads_.clear();  // joins
}

void Server::set_access(Access access) {
  auto made = std::make_shared<const Access>(std::move(access));
  const std::lock_guard lock(mutex_);
  access_.swap(made);
}

std::shared_ptr<const Access> Server::access() {
  const std::lock_guard lock(mutex_);
  return access_;
}

// Whether nobody is left to take the next connection.
bool Server::is_crowded() {
  const std::lock_guard lock(mutex_);
  return guests_.size() >= kThreads;
}

bool Server::is_ending() {
  const std::lock_guard lock(mutex_);
  return ending_;
}

void Server::pause(Duration time) {
  pollfd end{.fd = end_.get(), .events = POLLIN, .revents = 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  (void)::poll(&end, 1, static_cast<int>(ms));
}

void Server::run() {
  std::vector<pollfd> watched{{.fd = end_.get(), .events = POLLIN, .revents = 0}};
  for (const Listener& listener : listeners_)
    watched.push_back({.fd = listener.fd.get(), .events = POLLIN, .revents = 0});
  for (;;) {
    (void)::poll(watched.data(), watched.size(), -1);
    if (is_ending()) return;
    for (std::size_t i = 1; i < watched.size(); ++i)
      if (watched[i].revents != 0) receive_guest(listeners_[i - 1]);
  }
}

void Server::receive_guest(const Listener& listener) {
  net::Address peer;
  int error = 0;
  auto fd = net::accept_one(listener.fd.get(), peer, error);
  if (fd) {
    net::tune_tcp(fd->get(), {});
    Connection connection(std::move(*fd), peer, access()->tls);
    const Guest guest(*this, connection);
    serve(connection, listener.loopback);
  } else if (error == EMFILE || error == ENFILE) {
    pause(kNoDescriptors);
  }
}

void Server::serve(Connection& connection, bool loopback) {
  Duration patience = kPatience;
  for (std::size_t i = 0; i < kRequestsMax && connection.await_request(patience); ++i) {
    const auto current = access();
    const Exchange exchange{.connection = connection, .source = source_, .access = *current,
                            .loopback = loopback, .last = is_crowded() || is_ending()};
    const Outcome outcome = serve_request(exchange);
    if (outcome == Outcome::Denied) {
      source_.note_denied(connection.peer());
      pause(current->config->weir.auth_failure_delay);
    }
    if (outcome != Outcome::Kept) return;
    patience = kIdlePatience;
  }
}

}  // namespace weir::http

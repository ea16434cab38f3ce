#include "load_run.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "wire/message.h"

namespace weir::bench {
namespace {

constexpr std::size_t kScratch = 256 * 1024;
// Logins under way at a time: a listener's queue may be as short as 128.
constexpr std::size_t kOpeningMax = 100;
// Few enough that nobody waits for a server and no pooler keeps what it could not forward.
constexpr std::size_t kTouchingMax = 16;
constexpr std::uint64_t kDrainNs = 2'000'000'000;
constexpr std::uint64_t kEndless = ~std::uint64_t{0};

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t to_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

LoadRun::LoadRun(LoadOptions options, Script& script, Login& login)
    : options_(std::move(options)), epoll_(new_epoll()), scratch_(kScratch) {
  for (std::size_t i = 0; i < options_.clients; ++i) {
    connections_.push_back(std::make_unique<Connection>(script, login));
  }
}

LoadRun::~LoadRun() {
  for (const auto& c : connections_) {
    if (c->fd >= 0) ::close(c->fd);
  }
  ::close(epoll_);
}

void LoadRun::open_clients() {
  std::size_t opened = 0;
  while (idle_ < connections_.size()) {
    while (opened < connections_.size() && opened - idle_ < kOpeningMax)
      open(*connections_[opened++]);
    turn();
  }
}

void LoadRun::touch() {
  may_begin_ = connections_.size();
  for (std::size_t next = 0; next < connections_.size() || idle_ < connections_.size(); turn()) {
    while (next < connections_.size() && connections_.size() - idle_ < kTouchingMax) {
      begin_one(*connections_[next++]);
    }
  }
}

Outcome LoadRun::measure(const Gauges& gauges) {
  const bool counted = options_.transactions > 0;
  if (!counted) {
    begin_all(kEndless);
    for (const auto end = now_ns() + to_ns(options_.warm_up_seconds); now_ns() < end;) turn();
  }
  outcome_ = Outcome();
  const auto before = gauges.read();
  const auto start = now_ns();
  if (counted) {
    begin_all(options_.transactions);
    while (outcome_.transactions < options_.transactions) turn();
  } else {
    for (const auto end = start + to_ns(options_.seconds); now_ns() < end;) turn();
  }
  outcome_.used = gauges.read() - before;
  outcome_.seconds = static_cast<double>(now_ns() - start) / 1e9;
  auto result = outcome_;
  for (const auto& c : connections_) {
    result.errors += c->client.errors();
    if (result.first_error.empty()) result.first_error = c->client.first_error();
  }
  return result;
}

void LoadRun::finish() {
  may_begin_ = 0;
  for (const auto end = now_ns() + kDrainNs; idle_ < connections_.size() && now_ns() < end;) turn();
  for (const auto& c : connections_) {
    if (c->client.phase() != Phase::kIdle || c->fd < 0) continue;
    out_.clear();
    wire::append_empty(out_, wire::fe::kTerminate);
    send_out(*c);
  }
}

void LoadRun::open(Connection& c) {
  c.fd = start_connect(options_.at);
  c.unsent.clear();
  c.client.start(c.unsent);
  watch_edges(epoll_, c.fd, &c);
}

void LoadRun::turn() {
  std::array<epoll_event, 512> events;
  constexpr int kPatienceMs =
      20;  // how late the end of a stretch may be noticed when nothing happens
  const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kPatienceMs);
  if (ready < 0 && errno != EINTR) give_up("epoll_wait");
  for (int i = 0; i < ready; ++i) {
    serve(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
}

void LoadRun::serve(Connection& c) {
  if (!flush(c)) return;
  if (c.client.phase() == Phase::kCopying && !pump_copy(c)) return;
  while (read_once(c)) {
  }
}

// False when there is nothing more to read for now.
bool LoadRun::read_once(Connection& c) {
  const int fd = c.fd;
  const ssize_t got = recv(fd, scratch_.data(), scratch_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got < 0) give_up("connection lost");
  if (got == 0) give_up("connection lost", "closed by the other side");
  const auto size = static_cast<std::size_t>(got);
  outcome_.bytes += size;
  out_.clear();
  const auto before = c.client.phase();
  const auto received = c.client.receive(Bytes(scratch_).first(size), out_);
  if (!received) give_up("connection refused", received.error().text);
  after_answer(c, before);
  send_out(c);
  if (c.client.phase() == Phase::kCopying) pump_copy(c);
  return c.fd == fd && size == scratch_.size();
}

void LoadRun::after_answer(Connection& c, Phase before) {
  if (c.client.phase() == Phase::kCopying && before != Phase::kCopying) {
    const auto rows = options_.copy_bytes / options_.copy_row_size;
    c.copy_left = rows * message_size(wire::fe::kCopyData, options_.copy_row_size);
    c.copy_at = 0;
  }
  if (c.client.phase() != Phase::kIdle || before == Phase::kIdle) return;
  ++idle_;
  if (before == Phase::kBusy) {
    const auto now = now_ns();
    outcome_.latency.record(now - c.started_ns);
    ++outcome_.transactions;
    begin(c, now);
  } else if (c.started_ns != 0) {  // a new connection, opened for its transaction
    --idle_;
    c.client.ask(out_);
  }
}

void LoadRun::begin(Connection& c, std::uint64_t now) {
  if (may_begin_ == 0) return;
  --may_begin_;
  --idle_;
  c.started_ns = now;
  if (!options_.reconnect) {
    c.client.ask(out_);
    return;
  }
  wire::append_empty(out_, wire::fe::kTerminate);
  send_out(c);
  ::close(c.fd);
  open(c);
}

void LoadRun::begin_all(std::uint64_t most) {
  may_begin_ = most;
  for (const auto& c : connections_) begin_one(*c);
}

void LoadRun::begin_one(Connection& c) {
  out_.clear();
  begin(c, now_ns());
  send_out(c);
}

bool LoadRun::flush(Connection& c) {
  if (c.unsent.empty()) return true;
  const ssize_t sent = send(c.fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) give_up("send");
  if (sent > 0) c.unsent.erase(c.unsent.begin(), c.unsent.begin() + sent);
  return c.unsent.empty();
}

// False while the other side takes no more.
bool LoadRun::pump_copy(Connection& c) {
  const auto& block = blocks_.of(wire::fe::kCopyData, options_.copy_row_size);
  while (c.copy_left > 0) {
    const auto size = std::min<std::uint64_t>(c.copy_left, block.size() - c.copy_at);
    const ssize_t sent = send(c.fd, block.data() + c.copy_at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return false;
    if (sent < 0) give_up("send");
    outcome_.bytes += static_cast<std::uint64_t>(sent);
    c.copy_left -= static_cast<std::uint64_t>(sent);
    c.copy_at = (c.copy_at + static_cast<std::size_t>(sent)) % block.size();
  }
  c.client.copied(c.unsent);
  return flush(c);
}

void LoadRun::send_out(Connection& c) {
  if (out_.empty()) return;
  if (!c.unsent.empty()) {
    c.unsent.insert(c.unsent.end(), out_.begin(), out_.end());
    out_.clear();
    flush(c);
    return;
  }
  const ssize_t sent = send(c.fd, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) give_up("send");
  c.unsent.assign(out_.begin() + std::max<ssize_t>(sent, 0), out_.end());
  out_.clear();
}

}  // namespace weir::bench

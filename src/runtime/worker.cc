#include "runtime/worker.h"

#include <time.h>

#include <algorithm>

#include "base/check.h"

namespace weir::runtime {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr std::size_t kScratch = 128 * 1024;
constexpr std::size_t kMailbox = 1 << 16;
constexpr std::size_t kPoolsAtOnce = 32;  // whose histograms are copied in one turn

std::uint64_t thread_cpu_us() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  constexpr std::uint64_t kMillion = 1'000'000;
  return static_cast<std::uint64_t>(used.tv_sec) * kMillion +
         static_cast<std::uint64_t>(used.tv_nsec) / 1000;
}

}  // namespace

Shared::Shared(unsigned count, Log& the_log) : ledger(count), log(the_log), load(count) {}
Shared::~Shared() = default;

Worker::Worker(Setup setup)
    : index_(setup.index),
      shared_(setup.shared),
      loop_(std::move(setup.loop)),
      config_(setup.config),
      engine_({.worker = setup.index, .ledger = setup.shared.ledger, .random = setup.random,
               .config = std::move(setup.config), .mock_key = setup.mock_key,
               .generation = setup.generation}),
      listeners_(std::move(setup.listeners)),
      tls_(std::move(setup.tls)),
      scratch_(kScratch),
      cipher_(kScratch - net::TlsStream::kRecordMax),
      mailbox_(kMailbox) {}

Worker::~Worker() = default;

void Worker::run() {
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    (void)loop_->add_listener(listeners_[i].fd, kListenerToken | i);
  listening_ = true;
  now_ = net::read_clock();
  next_tick_ = now_ + kTick;
  while (!stopping_) {
    const Duration sleep = resumed_.empty() && unposted_.empty()
                               ? std::max(Duration::zero(), next_tick_ - now_)
                               : Duration::zero();
    const auto ready = loop_->wait(sleep);
    now_ = loop_->now();
    ++turns_;
    for (const net::Ready& event : ready) handle(event);
    if (loop_->woken()) {
      drain_mailbox();
      take_resolutions();
      take_verdicts();
    }
    run_resumed();
    if (now_ >= next_tick_) tick();
    if (!unposted_.empty()) retry_posts();
  }
}

void Worker::handle(const net::Ready& ready) {
  const std::uint64_t kind = ready.token >> 60;
  const std::uint64_t rest = ready.token & ~(std::uint64_t{0xf} << 60);
  if (ready.token >= kLingerToken) {
    lingering_event(rest, ready);
  } else if (ready.token >= kListenerToken) {
    accept_all(rest);
  } else {
    const auto index = static_cast<std::uint32_t>(rest);
    const auto generation = static_cast<std::uint32_t>(rest >> 32);
    const session::Connection c = kind == 0
                                      ? session::Connection(ClientId{index, generation})
                                      : session::Connection(ServerId{index, generation});
    on_event(c, ready);
  }
}

// Those that may be read again, each once; what they start is for the next turn.
void Worker::run_resumed() {
  if (resumed_.empty()) return;
  std::vector<session::Connection> now;
  now.swap(resumed_);
  for (const session::Connection& c : now) {
    if (c.side == Side::Client) {
      read_client(c.client());
    } else {
      read_server(c.server());
    }
  }
  if (resumed_.empty()) {  // keep the memory
    now.clear();
    resumed_.swap(now);
  }
}

void Worker::drain_mailbox() {
  messages_.clear();
  mailbox_.drain(messages_);
  for (WorkerMessage& message : messages_) take(message);
}

void Worker::take(WorkerMessage& message) {
  switch (message.kind) {
    case WorkerMessage::Kind::Letter: {
      const ServerId id = engine_.letter(message.letter, now_, effects_);
      if (id.valid()) {
        Socket& s = open_socket(id, std::move(message.fd));
        s.readable = true;
        s.tls = std::move(message.stream);
        s.outbox = std::move(message.unsent);
      }
      perform();
      break;
    }
    case WorkerMessage::Kind::Client: adopt_client(std::move(message.fd), message.peer); break;
    case WorkerMessage::Kind::Configure:
      config_ = message.config;
      tls_ = std::move(message.tls);
      for (const Listener& listener : listeners_)
        if (index_ == 0 && listener.fd >= 0 && !listener.is_unix)
          apply_defer_accept(listener.fd, config_->settings);
      engine_.configure(std::move(message.config), now_, effects_);
      perform();
      break;
    case WorkerMessage::Kind::Snapshot: gather(message); break;
    case WorkerMessage::Kind::Reply:
      engine_.console_reply(message.client, message.bytes, effects_);
      perform();
      break;
    case WorkerMessage::Kind::Depart: begin_departing(); break;
    case WorkerMessage::Kind::Arrive: arrive(message); break;
    case WorkerMessage::Kind::StopTcp: stop_listening(true); break;
    case WorkerMessage::Kind::Stop: stopping_ = true; break;
  }
}

// A snapshot; histograms in parts, each in a turn of its own, so that nobody is kept waiting.
void Worker::gather(WorkerMessage& wanted) {
  if (wanted.shot) {
    wanted.timings = !engine_.add_timings(*wanted.shot, kPoolsAtOnce);
  } else {
    wanted.shot = std::make_unique<session::Snapshot>(
        engine_.snapshot(now_, wanted.with_sockets));
    complete(*wanted.shot);
  }
  if (wanted.timings) return to_worker(index_, std::move(wanted));
  (void)shared_.control.push({.kind = ControlMessage::Kind::Snapshot, .from = index_,
                              .token = wanted.token, .snapshot = std::move(*wanted.shot)});
  shared_.control_notifier->notify();
}

// What the engine cannot know: descriptors, and the buffers between it and the kernel.
void Worker::complete(session::Snapshot& shot) const {
  session::MemoryRow buffers{.name = "iobuf_cache", .size = scratch_.size(), .used = 1,
                             .total = scratch_.size()};
  const auto look_at = [&buffers](const std::vector<Socket>& sockets,
                                  std::vector<session::SocketRow>& rows) {
    for (session::SocketRow& row : rows)
      if (row.slot < sockets.size()) row.descriptor = sockets[row.slot].fd.get();
    for (const Socket& socket : sockets) {
      if (!socket.outbox.empty()) ++buffers.used;
      buffers.total += socket.outbox.capacity();
    }
  };
  look_at(clients_, shot.clients);
  look_at(servers_, shot.servers);
  shot.memory.push_back(buffers);
  shot.worker = {.index = index_, .turns = turns_, .cpu_us = thread_cpu_us(),
                 .mailbox = messages_.size() - 1};
}

void Worker::take_resolutions() {
  net::Resolution found;
  while (shared_.resolver->poll(found, index_)) {
    const ServerId id{static_cast<std::uint32_t>(found.request),
                      static_cast<std::uint32_t>(found.request >> 32)};
    Socket* s = socket(id);
    if (s == nullptr) continue;
    if (found.addresses.empty()) {
      engine_.server_failed(id, "server DNS lookup failed", now_, effects_);
      perform();
      continue;
    }
    // Those of one name in turn; each attempt begins with the next and is tried from the back.
    const auto first = static_cast<std::ptrdiff_t>(next_address_++ % found.addresses.size());
    std::ranges::rotate(found.addresses, found.addresses.begin() + first);
    std::ranges::reverse(found.addresses);
    s->candidates = std::make_unique<std::vector<net::Address>>(std::move(found.addresses));
    try_next_address(id);
  }
}

void Worker::take_verdicts() {
  auth::Verdict verdict;
  while (shared_.helpers->poll(verdict, index_)) {
    engine_.verdict(verdict, now_, effects_);
    perform();
  }
}

void Worker::tick() {
  next_tick_ = now_ + kTick;
  engine_.tick(now_, effects_);
  perform();
  if (departing_) sweep();
  std::erase_if(lingering_, [this](const auto& entry) { return now_ >= entry.second.until; });
  if (!listening_ && !listeners_.empty()) {  // descriptors had run out
    listening_ = true;
    for (std::size_t i = 0; i < listeners_.size(); ++i)
      if (listeners_[i].fd >= 0) (void)loop_->add_listener(listeners_[i].fd, kListenerToken | i);
  }
}

void Worker::post(WorkerMessage message) {
  while (mailbox_.push(std::move(message)) == net::Push::kFull) loop_->wake();
  loop_->wake();
}

void Worker::to_worker(unsigned worker, WorkerMessage message) {
  Worker& other = *shared_.workers[worker];
  const net::Push pushed = other.mailbox_.push(std::move(message));
  if (pushed == net::Push::kFull) {
    unposted_.emplace_back(worker, std::move(message));
  } else if (pushed == net::Push::kWake) {
    other.loop_->wake();
  }
}

// Mailboxes that were full: nothing in them may be lost, a server connection least of all.
void Worker::retry_posts() {
  auto again = std::move(unposted_);
  unposted_.clear();
  for (auto& [worker, message] : again) to_worker(worker, std::move(message));
}

}  // namespace weir::runtime

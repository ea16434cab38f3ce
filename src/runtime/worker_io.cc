// Moving bytes: what is read goes to the engine, what the engine wants is done. A source is not
// read while its destination has unsent bytes, so memory stays bounded whatever the sizes.
#include <cerrno>

#include "base/check.h"
#include "runtime/worker.h"

namespace weir::runtime {

using session::Connection;
using session::Effect;

namespace {

// How often one socket is read before others get their turn.
constexpr int kReadsAtOnce = 4;
constexpr std::size_t kPartsMax = 64;
// How long a connection that was told to go may take to read why.
constexpr Duration kLinger = std::chrono::seconds(2);

LogLevel level_of(session::LogLevel level) {
  switch (level) {
    case session::LogLevel::Error: return LogLevel::kError;
    case session::LogLevel::Warning: return LogLevel::kWarning;
    case session::LogLevel::Log: return LogLevel::kLog;
    case session::LogLevel::Debug: return LogLevel::kDebug;
    case session::LogLevel::Noise: return LogLevel::kNoise;
  }
  return LogLevel::kLog;
}

}  // namespace

std::uint64_t Worker::token(Connection c) {
  const std::uint64_t side = c.side == Side::Client ? 0 : 1;
  return side << 60 | std::uint64_t{c.generation} << 32 | c.index;
}

Worker::Socket* Worker::socket(Connection c) {
  auto& all = sockets(c.side);
  if (c.index >= all.size() || all[c.index].generation != c.generation) return nullptr;
  return &all[c.index];
}

Worker::Socket& Worker::open_socket(Connection c, net::Fd fd) {
  auto& all = sockets(c.side);
  if (c.index >= all.size()) all.resize(c.index + 1);
  Socket& s = all[c.index];
  s = Socket();
  s.generation = c.generation;
  s.fd = std::move(fd);
  if (s.fd.valid() && !loop_->add(s.fd.get(), token(c))) {
    s.broken = true;
    broken_.push_back(c);
  }
  return s;
}

void Worker::on_event(Connection c, const net::Ready& ready) {
  Socket* s = socket(c);
  if (s == nullptr || !s->fd.valid()) return;
  if (s->connecting) {
    if (ready.writable || ready.error || ready.hangup) finish_connect(c.server());
    return;
  }
  s->ended |= ready.hangup || ready.error;
  s->readable |= ready.readable || s->ended;
  if (ready.writable && !s->outbox.empty()) flush(c);
  if (!s->readable) return;
  if (c.side == Side::Client) {
    read_client(c.client());
  } else {
    read_server(c.server());
  }
}

// Whether reading it would add to bytes that nobody takes.
bool Worker::blocked(Connection c) {
  const Socket* s = socket(c);
  if (c.side == Side::Client && !s->outbox.empty()) return true;
  const auto peer = engine_.peer_of(c);
  const Socket* other = peer ? socket(*peer) : nullptr;
  return other != nullptr && !other->outbox.empty();
}

void Worker::read_client(ClientId id) {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    Socket* s = socket(id);
    if (s == nullptr || blocked(id)) return;
    if (!s->readable) {  // it was its turn, but nothing new has come
      engine_.client_bytes(id, {}, now_, effects_);
      perform();
      return;
    }
    const bool may = engine_.client_readable(id, now_, effects_);
    perform();
    s = socket(id);
    if (s == nullptr) return;
    if (!may) {
      if (s->ended) {  // it has left the queue
        engine_.client_closed(id, "client unexpected eof", now_, effects_);
        perform();
      }
      return;
    }
    const net::IoResult got = receive(id);
    s = socket(id);
    if (s == nullptr) return;
    if (got.n > 0) {
      const auto n = static_cast<std::size_t>(got.n);
      s->readable = got.more || s->ended;
      engine_.client_bytes(id, Bytes(scratch_).first(n), now_, effects_);
    } else if (got.again) {
      s->readable = false;
      engine_.client_bytes(id, {}, now_, effects_);
    } else {
      engine_.client_closed(id, end_of(*s, "client unexpected eof"), now_, effects_);
    }
    perform();
    s = socket(id);
    if (s == nullptr || !s->readable) return;
  }
  resumed_.push_back(id);
}

void Worker::read_server(ServerId id) {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    Socket* s = socket(id);
    if (s == nullptr || !s->readable || s->connecting || blocked(id)) return;
    const auto client = departing_ ? engine_.peer_of(id) : std::nullopt;
    const net::IoResult got = receive(id);
    s = socket(id);
    if (s == nullptr) return;
    if (got.n > 0) {
      const auto n = static_cast<std::size_t>(got.n);
      s->readable = got.more || s->ended;
      engine_.server_bytes(id, Bytes(scratch_).first(n), now_, effects_);
    } else if (got.again) {
      s->readable = false;
      return;
    } else {
      engine_.server_closed(id, end_of(*s, "server conn crashed?"), now_, effects_);
    }
    perform();
    if (departing_) depart_after(client, id);
    s = socket(id);
    if (s == nullptr || !s->readable) return;
  }
  resumed_.push_back(id);
}

void Worker::flush(Connection c) {
  Socket* s = socket(c);
  while (!s->outbox.empty()) {
    const Bytes pending = s->outbox.pending();
    const iovec part{const_cast<std::uint8_t*>(pending.data()), pending.size()};
    const net::IoResult sent = net::send(s->fd.get(), std::span(&part, 1));
    if (sent.n > 0) {
      s->outbox.consume(static_cast<std::size_t>(sent.n));
    } else if (sent.again) {
      return;
    } else {
      s->outbox.clear();
      s->broken = true;
      broken_.push_back(c);
      report_broken();
      return;
    }
  }
  if (c.side == Side::Client) engine_.client_behind(c.client(), false, now_);
  resume_peer_of(c);
}

// Its outbox is empty again: itself (a client) and whoever feeds it may be read.
void Worker::resume_peer_of(Connection c) {
  if (c.side == Side::Client) resumed_.push_back(c);
  if (const auto peer = engine_.peer_of(c)) resumed_.push_back(*peer);
}

void Worker::perform() {
  // What is performed may add effects; the list is read by index until it ends.
  for (std::size_t i = 0; i < effects_.list().size();) {
    const Effect& effect = effects_.list()[i];
    if (effect.kind == Effect::Kind::Send) {
      i = perform_sends(i);
      continue;
    }
    const bool farewell = i > 0 && effects_.list()[i - 1].kind == Effect::Kind::Send &&
                          effects_.list()[i - 1].connection == effect.connection;
    perform_one(Effect(effect), farewell);
    ++i;
  }
  effects_.clear();
  if (!broken_.empty()) report_broken();
}

// All neighbouring Sends to one connection in one system call.
std::size_t Worker::perform_sends(std::size_t first) {
  const auto list = effects_.list();
  const Connection to = list[first].connection;
  iovec parts[kPartsMax];
  std::size_t count = 0;
  std::size_t i = first;
  for (; i < list.size() && count < kPartsMax && list[i].kind == Effect::Kind::Send &&
         list[i].connection == to;
       ++i)
    parts[count++] = {const_cast<std::uint8_t*>(list[i].bytes.data()), list[i].bytes.size()};
  write(to, std::span(parts, count));
  return i;
}

void Worker::write(Connection c, std::span<const iovec> parts) {
  const Socket* s = socket(c);
  if (s == nullptr || !s->fd.valid() || s->broken) return;
  if (s->tls) {
    write_sealed(c, parts);
  } else {
    write_wire(c, parts);
  }
}

void Worker::write_wire(Connection c, std::span<const iovec> parts) {
  Socket* s = socket(c);
  std::size_t done = 0;
  if (s->outbox.empty()) {
    const net::IoResult sent = net::send(s->fd.get(), parts);
    if (sent.n > 0) done = static_cast<std::size_t>(sent.n);
    if (sent.n <= 0 && !sent.again) {
      s->broken = true;
      broken_.push_back(c);
      return;
    }
  }
  for (const iovec& part : parts) {
    const Bytes bytes{static_cast<const std::uint8_t*>(part.iov_base), part.iov_len};
    if (done >= bytes.size()) {
      done -= bytes.size();
    } else {
      s->outbox.append(bytes.subspan(done));
      done = 0;
    }
  }
  if (c.side == Side::Client && !s->outbox.empty())
    engine_.client_behind(c.client(), true, now_);
}

// Tells the engine of connections whose writes have failed.
void Worker::report_broken() {
  std::vector<Connection> broken;
  broken.swap(broken_);
  for (const Connection& c : broken) {
    if (socket(c) == nullptr) continue;
    if (c.side == Side::Client) {
      engine_.client_closed(c.client(), "client unexpected eof", now_, effects_);
    } else {
      // What the server has said before it went is still to be read, and says why.
      Socket* s = socket(c);
      s->ended = s->readable = true;
      resumed_.push_back(c);
    }
    perform();
  }
}

void Worker::perform_one(const Effect& effect, bool farewell) {
  switch (effect.kind) {
    case Effect::Kind::Send: break;
    case Effect::Kind::Read: resumed_.push_back(effect.connection); break;
    case Effect::Kind::Connect: start_connect(effect.connection.server()); break;
    case Effect::Kind::StartTls: start_tls(effect.connection, effect.bytes); break;
    case Effect::Kind::Close:
      close_socket(effect.connection, farewell && effect.connection.side == Side::Client);
      break;
    case Effect::Kind::Reset: close_socket(effect.connection, false); break;
    case Effect::Kind::HandOver: send_parcel(effect); break;
    case Effect::Kind::Post:
      if (effect.worker == shared_.workers.size()) {
        to_control(effects_.letter(effect.number));
      } else {
        to_worker(effect.worker, {.kind = WorkerMessage::Kind::Letter,
                                  .letter = std::move(effects_.letter(effect.number))});
      }
      break;
    case Effect::Kind::Console:
      (void)shared_.control.push({.kind = ControlMessage::Kind::Command, .from = index_,
                                  .client = effect.connection.client(),
                                  .command = std::move(effects_.command(effect.number))});
      shared_.control_notifier->notify();
      break;
    case Effect::Kind::Ask:
      shared_.helpers->ask(std::move(effects_.question(effect.number)), index_);
      break;
    case Effect::Kind::Log: write_log(effects_.log_entry(effect.number)); break;
  }
}

void Worker::to_control(session::Letter& letter) {
  ControlMessage message{.kind = ControlMessage::Kind::Done, .from = index_,
                         .client = letter.client, .found = letter.found, .token = letter.token};
  if (letter.kind == session::Letter::Kind::Cancel) {
    message.kind = ControlMessage::Kind::Stray;
    message.from = letter.from;
    message.record = std::make_unique<Record>(
        StrayCancel{.key = letter.cancel_key, .rest = std::move(letter.cancel_rest)});
  } else if (letter.kind == session::Letter::Kind::CancelDone) {
    message.kind = ControlMessage::Kind::StrayOver;
  }
  (void)shared_.control.push(std::move(message));
  shared_.control_notifier->notify();
}

void Worker::send_parcel(const Effect& effect) {
  Socket* s = socket(effect.connection);
  ASSERT(s != nullptr && (s->outbox.empty() || s->tls));
  loop_->remove(s->fd.get());
  to_worker(effect.worker, {.kind = WorkerMessage::Kind::Letter,
                            .letter = std::move(effects_.letter(effect.number)),
                            .fd = std::move(s->fd), .stream = std::move(s->tls),
                            .unsent = std::move(s->outbox)});
  s->generation = ~std::uint32_t{0};
}

void Worker::close_socket(Connection c, bool with_linger) {
  Socket* s = socket(c);
  if (s == nullptr) return;
  if (c.side == Side::Client) shared_.load[index_].fetch_sub(1, std::memory_order_relaxed);
  if (s->tls && s->fd.valid() && !s->broken && !s->ended) {
    s->tls->close(sealed_);
    send_sealed(c);
    with_linger |= s->tls->state() == net::TlsStream::State::Failed;  // for the alert
  }
  if (s->fd.valid() && !s->broken && (with_linger || !s->outbox.empty())) linger(*s);
  s->fd.reset();
  s->outbox.clear();
  s->tls.reset();
  s->candidates.reset();
  s->generation = ~std::uint32_t{0};
}

// A close with unread input is a reset, which may overtake the last words; so they are let go
// first, and the peer is given time to read them.
void Worker::linger(Socket& socket) {
  const std::uint64_t number = next_lingering_++ & ~(std::uint64_t{0xf} << 60);
  loop_->remove(socket.fd.get());
  Lingering entry{.fd = std::move(socket.fd), .outbox = std::move(socket.outbox),
                  .until = now_ + kLinger};
  if (entry.outbox.empty()) net::shutdown_write(entry.fd.get());
  if (!loop_->add(entry.fd.get(), kLingerToken | number)) return;
  lingering_.emplace(number, std::move(entry));
}

void Worker::lingering_event(std::uint64_t number, const net::Ready&) {
  const auto it = lingering_.find(number);
  if (it == lingering_.end()) return;
  Lingering& entry = it->second;
  while (!entry.outbox.empty()) {
    const Bytes pending = entry.outbox.pending();
    const iovec part{const_cast<std::uint8_t*>(pending.data()), pending.size()};
    const net::IoResult sent = net::send(entry.fd.get(), std::span(&part, 1));
    if (sent.again) break;
    if (sent.n <= 0) {
      lingering_.erase(it);
      return;
    }
    entry.outbox.consume(static_cast<std::size_t>(sent.n));
    if (entry.outbox.empty()) net::shutdown_write(entry.fd.get());
  }
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const net::IoResult got = net::receive(entry.fd.get(), scratch_);
    if (got.again) return;
    if (got.n <= 0) {
      lingering_.erase(it);
      return;
    }
  }
}

void Worker::write_log(const session::LogEntry& entry) {
  if (entry.side == 0) {
    shared_.log.write(level_of(entry.level), entry.text);
  } else {
    shared_.log.write(level_of(entry.level),
                      LogSource{.side = entry.side, .id = entry.id, .db = entry.database,
                                .user = entry.user, .addr = entry.address},
                      entry.text);
  }
}

}  // namespace weir::runtime

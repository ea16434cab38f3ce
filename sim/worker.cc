#include "worker.h"

#include <algorithm>

#include "base/check.h"
#include "takeover.h"

namespace weir::sim {

using session::Effect;
using Side = session::Connection::Side;

namespace {

std::string name_of(const session::Connection& c) {
  return (c.side == Side::Client ? "client " : "server ") + std::to_string(c.index) + "." +
         std::to_string(c.generation);
}

}  // namespace

Worker::Worker(Site& site, unsigned number)
    : site_(site), world_(site.world), number_(number),
      engine_({.worker = number, .ledger = site.ledger, .random = site.world.random,
               .config = site.config, .mock_key = {}, .generation = site.generation}) {}

Worker::~Worker() {
  for (auto& [k, socket] : sockets_)
    if (socket->cable) socket->cable->on_wake(socket->end, {});
  for (const SocketPtr& socket : lingering_) socket->cable->on_wake(socket->end, {});
}

void Worker::accept(std::shared_ptr<Cable> cable) {
  ++clients_ever_;
  const ClientId id = engine_.client_connected({.address = "10.0.0.1", .port = 1000,
                                                .local_address = "10.0.0.2", .local_port = 6432},
                                               world_.now());
  auto socket = std::make_shared<Socket>();
  socket->id = id;
  socket->cable = std::move(cable);
  socket->end = 1;
  attach(socket);
  woken(socket);
}

Worker::SocketPtr Worker::find(Connection c) const {
  const auto at = sockets_.find(key(c));
  return at == sockets_.end() ? nullptr : at->second;
}

void Worker::attach(const SocketPtr& socket) {
  sockets_[key(socket->id)] = socket;
  socket->cable->on_wake(socket->end, [this, socket] { woken(socket); });
}

void Worker::woken(const SocketPtr& socket) {
  if (socket->cable->broken(socket->end)) return ended(socket, "connection reset");
  if (!flush(socket)) return;
  if (!socket->closing) read(socket);
}

// False where the socket is gone afterwards.
bool Worker::flush(const SocketPtr& socket) {
  const bool had = !socket->unsent.empty();
  if (had) socket->unsent.erase(0, socket->cable->write(socket->end, socket->unsent));
  if (!socket->unsent.empty()) return true;
  if (!socket->closing) {
    if (had && socket->id.side == Side::Client)
      engine_.client_behind(socket->id.client(), false, world_.now());
    const auto peer = had ? engine_.peer_of(socket->id) : std::nullopt;
    if (peer) resume_soon(*peer);
    return true;
  }
  socket->cable->finish(socket->end);
  socket->cable->on_wake(socket->end, {});
  return false;
}

void Worker::resume_soon(Connection c) {
  const SocketPtr socket = find(c);
  if (socket && socket->cable) socket->cable->wake_soon(socket->end);
}

// Whether reading it would add to bytes that nobody takes.
bool Worker::blocked(const SocketPtr& socket) {
  if (socket->id.side == Side::Client && !socket->unsent.empty()) return true;
  const auto peer = engine_.peer_of(socket->id);
  const SocketPtr other = peer ? find(*peer) : nullptr;
  return other && !other->unsent.empty();
}

bool Worker::wants_read(const SocketPtr& socket) {
  if (blocked(socket)) {
    if (world_.verbose())
      world_.trace("w" + std::to_string(number_) + " holds up " + name_of(socket->id));
    return false;
  }
  if (socket->id.side == Side::Server || socket->cable->readable(socket->end) == 0) return true;
  const bool wanted = engine_.client_readable(socket->id.client(), world_.now(), out_);
  if (world_.verbose() && !wanted)
    world_.trace("w" + std::to_string(number_) + " parks " + name_of(socket->id));
  perform();
  return wanted;
}

void Worker::read(const SocketPtr& socket) {
  while (find(socket->id) == socket) {
    Cable& cable = *socket->cable;
    if (cable.readable(socket->end) == 0 && !cable.at_end(socket->end) && !socket->asked_for)
      return;
    if (!wants_read(socket) || find(socket->id) != socket) return;
    if (cable.at_end(socket->end) && cable.readable(socket->end) == 0)
      return ended(socket, "unexpected eof");
    const auto most_ever = static_cast<std::uint64_t>(site_.read_size_max);
    const std::size_t most = 1 + world_.random.below(most_ever);
    socket->asked_for = false;
    const auto client = departing_ && socket->id.side == Side::Server
                            ? engine_.peer_of(socket->id) : std::nullopt;
    feed(socket, cable.read(socket->end, most));
    if (client) depart_client(*client);
    if (departing_ && socket->id.side == Side::Server) depart_server(socket->id);
  }
}

void Worker::feed(const SocketPtr& socket, const std::string& bytes) {
  const Connection id = socket->id;
  if (world_.verbose())
    world_.trace("w" + std::to_string(number_) + " reads " + std::to_string(bytes.size()) +
                 " from " + name_of(id));
  // A copy of exactly this size, so that a reader past its end is found.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  if (id.side == Side::Client) {
    engine_.client_bytes(id.client(), input, world_.now(), out_);
  } else {
    engine_.server_bytes(id.server(), input, world_.now(), out_);
  }
  perform();
}

void Worker::ended(const SocketPtr& socket, std::string_view reason) {
  const Connection id = socket->id;
  const bool known = find(id) == socket;
  const auto peer = engine_.peer_of(id);
  socket->cable->on_wake(socket->end, {});
  socket->cable->finish(socket->end);
  sockets_.erase(key(id));
  if (!known || socket->closing) return;
  if (id.side == Side::Client) {
    engine_.client_closed(id.client(), reason, world_.now(), out_);
  } else {
    engine_.server_closed(id.server(), reason, world_.now(), out_);
  }
  perform();
  if (peer) resume_soon(*peer);  // which it may have held up
}

void Worker::tick() {
  engine_.tick(world_.now(), out_);
  perform();
  if (departing_) sweep();
}

void Worker::configure(std::shared_ptr<const config::Config> config) {
  engine_.configure(std::move(config), world_.now(), out_);
  perform();
}

// Performing makes the engine add no effects, so an effects list is done before the next event.
void Worker::perform() {
  for (const Effect& effect : out_.list()) {
    switch (effect.kind) {
      case Effect::Kind::Send: send(effect); break;
      case Effect::Kind::Read:
        world_.after(Duration{0}, [this, id = effect.connection] {
          const SocketPtr socket = find(id);
          if (!socket || socket->closing || !socket->cable) return;
          socket->asked_for = true;
          read(socket);
        });
        break;
      case Effect::Kind::StartTls: ASSERT(false); break;  // both sides say no
      case Effect::Kind::Connect: connect(effect.connection.server()); break;
      case Effect::Kind::Close: close(effect.connection, false); break;
      case Effect::Kind::Reset: close(effect.connection, true); break;
      case Effect::Kind::HandOver:
      case Effect::Kind::Post: post(effect); break;
      case Effect::Kind::Console: break;
      case Effect::Kind::Ask: ask(out_.question(effect.number)); break;
      case Effect::Kind::Log:
        if (world_.verbose())
          world_.trace("w" + std::to_string(number_) + " log: " +
                       out_.log_entry(effect.number).text);
        break;
    }
  }
  out_.clear();
}

void Worker::send(const Effect& effect) {
  const SocketPtr socket = find(effect.connection);
  if (!socket || !socket->cable || socket->closing) {
    world_.fail("bytes for a connection that is not open: " + name_of(effect.connection));
    return;
  }
  if (world_.verbose())
    world_.trace("w" + std::to_string(number_) + " sends " + std::to_string(effect.bytes.size()) +
                 " to " + name_of(effect.connection));
  socket->unsent += as_text(effect.bytes);
  socket->unsent.erase(0, socket->cable->write(socket->end, socket->unsent));
  if (!socket->unsent.empty() && effect.connection.side == Side::Client)
    engine_.client_behind(effect.connection.client(), true, world_.now());
}

void Worker::connect(ServerId id) {
  auto socket = std::make_shared<Socket>();
  socket->id = id;
  sockets_[key(id)] = socket;
  const auto connected = [this, socket](std::shared_ptr<Cable> cable) {
    if (find(socket->id) != socket) {
      if (cable) cable->finish(0);
      return;
    }
    if (!cable) {
      sockets_.erase(key(socket->id));
      engine_.server_failed(socket->id.server(), "connection refused", world_.now(), out_);
      return perform();
    }
    socket->cable = std::move(cable);
    attach(socket);
    engine_.server_connected(socket->id.server(), "10.0.0.2", 2000, world_.now(), out_);
    perform();
  };
  const session::Endpoint* endpoint = engine_.endpoint(id);  // none where it is given up at once
  const std::string host = endpoint != nullptr ? endpoint->host : "";
  if (!host.starts_with("peer")) return site_.cluster.connect(connected);
  world_.after(Duration{world_.random.between(1, site_.letter_delay_us_max)},
               [this, connected, host] { connected(site_.dial_peer(host)); });
}

void Worker::close(Connection c, bool at_once) {
  const SocketPtr socket = find(c);
  if (!socket) return;
  sockets_.erase(key(c));
  socket->closing = true;
  if (!socket->cable) return;
  if (!at_once) {
    if (flush(socket)) lingering_.push_back(socket);
    return;
  }
  socket->cable->on_wake(socket->end, {});
  socket->cable->reset(socket->end);
}

// PAM or LDAP, which answers when it likes: the client may have gone by then.
void Worker::ask(const auth::Question& question) {
  const auth::Verdict verdict{.outcome = auth::Verdict::Outcome::Yes, .client = question.client};
  const Duration delay{world_.random.between(1, 20'000)};
  world_.after(delay, [this, verdict] {
    engine_.verdict(verdict, world_.now(), out_);
    perform();
  });
}

Duration Worker::letter_delay(Worker& to) {
  if (world_.random.percent(site_.full_mailbox_percent))
    return Duration{world_.random.between(1, 4 * site_.letter_delay_us_max)};
  Instant& last = last_letter_[to.number_];
  const Duration delay{world_.random.between(1, site_.letter_delay_us_max)};
  last = std::max(last + Duration{1}, world_.now() + delay);
  return last - world_.now();
}

void Worker::post(const Effect& effect) {
  session::Letter& letter = out_.letter(effect.number);
  if (effect.worker >= site_.workers.size()) return to_control(letter);
  SocketPtr socket;
  if (effect.kind == Effect::Kind::HandOver) {
    socket = find(effect.connection);
    if (!socket || !socket->unsent.empty()) {
      world_.fail("a hand-over of a connection that is not at rest");
      return;
    }
    sockets_.erase(key(effect.connection));
    socket->cable->on_wake(socket->end, {});
    ++site_.travelling[{letter.database, letter.user}];
  }
  // A place in the ledger may travel without a connection.
  if (letter.kind == session::Letter::Kind::Place)
    ++site_.travelling[{letter.database, letter.user}];
  Worker& to = *site_.workers[effect.worker];
  auto sealed = std::make_shared<session::Letter>(std::move(letter));
  world_.after(letter_delay(to), [&to, sealed, socket] { to.receive(*sealed, socket); });
}

// Else it is an answer to a command of the console.
void Worker::to_control(const session::Letter& letter) {
  if (letter.kind == session::Letter::Kind::Cancel) site_.predecessor->pass_back(letter);
  if (letter.kind == session::Letter::Kind::CancelDone)
    site_.successor->passed_back_is_over(letter.client);
}

void Worker::mail(session::Letter letter) { receive(letter, nullptr); }

void Worker::receive(const session::Letter& letter, const SocketPtr& travelling) {
  const ServerId id = engine_.letter(letter, world_.now(), out_);
  if (travelling || letter.kind == session::Letter::Kind::Place)
    --site_.travelling[{letter.database, letter.user}];
  if (travelling) {
    if (!id.valid()) {
      travelling->cable->finish(travelling->end);
    } else {
      travelling->id = id;
      attach(travelling);
      travelling->cable->wake_soon(travelling->end);
    }
  }
  perform();
}

std::size_t Worker::server_sockets() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sockets_, [](const auto& entry) { return entry.second->id.side == Side::Server; }));
}

}  // namespace weir::sim

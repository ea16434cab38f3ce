#include "session/replication.h"

#include <algorithm>

#include "base/check.h"
#include "session/engine.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

// As PostgreSQL's parse_bool(): a unique beginning of a word is enough, case does not matter.
bool begins(std::string_view word, std::string_view text, std::size_t least) {
  return text.size() >= least && text.size() <= word.size() &&
         std::ranges::equal(text, word.substr(0, text.size()), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
         });
}

}  // namespace

std::optional<Replicates> read_replication(std::string_view value) {
  if (value == "database") return Replicates::Logical;
  if (value == "1" || begins("true", value, 1) || begins("yes", value, 1) ||
      begins("on", value, 2))
    return Replicates::Physical;
  if (value.empty() || value == "0" || begins("false", value, 1) || begins("no", value, 1) ||
      begins("off", value, 2))
    return Replicates::No;
  return std::nullopt;
}

std::string_view shown(Replicates kind) {
  return kind == Replicates::No ? "none" : kind == Replicates::Logical ? "logical" : "physical";
}

std::string_view logged(Replicates kind) {
  return kind == Replicates::No ? "no" : kind == Replicates::Logical ? "database" : "yes";
}

void Replication::start(Client& c, Room& room, Instant now, Effects& out) {
  c.startup = c.settings = room.base;  // its wishes go into the server's startup packet
  engine_.arriving_.remove(c);
  room.move(c, ClientState::Login, now);
  c.phase = ClientPhase::Welcome;
  logging_in_.push_back(c.id);
  open(c, now, out);
}

// Closes a connection that nobody uses, and leaves its place in the ledger taken.
bool Replication::free_place(Room& room, Instant now, Effects& out) {
  pool::ServerSlot* idle = room.servers(ServerState::Idle).back();
  if (idle == nullptr) idle = room.servers(ServerState::Used).front();
  if (idle == nullptr) return false;
  Server& s = static_cast<Server&>(*idle);
  s.place_taken = true;
  engine_.close_server(s, ServerEnd::Evicted, now, out, "evicted for a replication connection");
  return true;
}

bool Replication::take_place(Room& room, Instant now, Effects& out) {
  using enum pool::Ledger::Taken;
  const pool::Limits& limits = room.limits();
  const auto take = [&] {
    return pool::Ledger::take_server(room.account(), limits.pool_size, limits.max_db_connections,
                                     limits.max_user_connections);
  };
  const auto taken = take();
  if (taken == Yes || free_place(room, now, out)) return true;
  if (const auto worker = room.idle_elsewhere()) {
    out.post(*worker, {.kind = Letter::Kind::GivePlace, .from = engine_.worker_,
                       .database = room.database(), .user = room.user()});
    return false;
  }
  if (taken == PoolFull) return false;
  engine_.evict(room, taken == DatabaseFull ? pool::Pool::Opening::DatabaseFull
                                            : pool::Pool::Opening::UserFull, now, out);
  return take() == Yes;
}

void Replication::give_place(const Letter& letter, Instant now, Effects& out) {
  Room* room = engine_.find_room(letter.database, letter.user);
  if (room == nullptr || !free_place(*room, now, out)) return;
  out.post(letter.from, {.kind = Letter::Kind::Place, .from = engine_.worker_,
                         .database = letter.database, .user = letter.user});
}

void Replication::place_came(const Letter& letter, Instant now, Effects& out) {
  Room* room = engine_.find_room(letter.database, letter.user);
  const auto wants = [&](ClientId id) {
    const Client* c = engine_.client(id);
    return c != nullptr && c->pool == room && !c->has_opened;
  };
  const auto it = std::ranges::find_if(logging_in_, wants);
  if (room == nullptr || room->paused || it == logging_in_.end()) {
    pool::Ledger::give_server(engine_.ledger_.pool(letter.database, letter.user));
    return;
  }
  connect(*engine_.client(*it), now, out);
}

void Replication::open(Client& c, Instant now, Effects& out) {
  Room& room = engine_.room_of(c);
  if (!room.paused && take_place(room, now, out)) connect(c, now, out);
}

void Replication::connect(Client& c, Instant now, Effects& out) {
  Server& s = engine_.open_server(engine_.room_of(c), now, out);
  s.replicates = c.replicates;
  s.replicates_for = c.id;
  c.has_opened = true;
}

void Replication::add_wishes(const Server& s, wire::Parameters& startup) const {
  const Client* c = engine_.client(s.replicates_for);
  if (c == nullptr || !c->login) return;
  startup.emplace_back("replication", logged(s.replicates));
  for (const auto& [name, value] : c->login->startup.settings)
    wire::set_parameter(startup, name, value);
}

void Replication::ready(Server& s, Instant now, Effects& out) {
  Room& room = engine_.room_of(s);
  Client* c = engine_.client(s.replicates_for);
  room.connect_succeeded();
  if (c == nullptr) {
    engine_.close_server(s, ServerEnd::Replication, now, out, "client unexpected eof");
    return;
  }
  std::erase(logging_in_, c->id);
  room.move(*c, ClientState::Idle, now);
  engine_.grant(*c, s, now, out);
  engine_.welcome(*c, now, out);
}

void Replication::failed(ClientId id, const wire::Report& report, Instant now, Effects& out) {
  Client* c = engine_.client(id);
  if (c != nullptr) engine_.refuse_report(*c, ClientEnd::NoServer, report, now, out);
}

void Replication::tick(Instant now, Effects& out) {
  const Duration limit = engine_.config_->settings.client_login_timeout;
  const std::vector<ClientId> waiting = std::exchange(logging_in_, {});
  for (const ClientId id : waiting) {
    Client* c = engine_.client(id);
    if (c == nullptr) continue;
    if (limit > Duration::zero() && now - c->connected >= limit) {
      engine_.refuse(*c, Fault::ClientLoginTimeout, "", now, out);
      continue;
    }
    logging_in_.push_back(id);
    if (!c->has_opened) open(*c, now, out);
  }
}

}  // namespace weir::session

#include "session/takeover.h"

#include <algorithm>

#include "base/check.h"
#include "session/cancel_key.h"
#include "session/name_counts.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

// A pool that keeps clients needs servers, but not those that nobody has used for so long.
constexpr Duration kKeepServer = std::chrono::seconds(1);

bool is_at_rest(const Client& c) {
  return c.phase == ClientPhase::Ready && c.server == nullptr && c.framer.at_boundary() &&
         !c.backlog && !c.canceled && !(c.statements && c.statements->unconfirmed());
}

bool is_at_rest(const Server& s, const Room& room) {
  const bool free = s.state == ServerState::Idle || s.state == ServerState::Used;
  return free && s.phase == ServerPhase::Ready && s.requests.empty() && s.framer.at_boundary() &&
         !s.doubtful && !s.place_taken && !room.is_obsolete(s) && !room.paused;
}

}  // namespace

std::vector<Connection> Takeover::resting(Instant now) {
  std::vector<Connection> found;
  for (auto& [key, room] : engine_.rooms_) {
    // A minimum would be opened again and again for the successor.
    pool::Limits limits = room->limits();
    limits.min_pool_size = 0;
    limits.keeps_minimum = false;
    room->configure(limits);
    for (const ClientState state : {ClientState::Idle, ClientState::Waiting})
      room->clients(state).for_each([&found](pool::ClientSlot& c) { found.push_back(c.id); });
    for (const ServerState state : {ServerState::Idle, ServerState::Used})
      room->servers(state).for_each([&](pool::ServerSlot& s) {
        if (!room->has_clients() || now - s.since >= kKeepServer) found.push_back(s.id);
      });
  }
  return found;
}

std::optional<ClientParcel> Takeover::depart(ClientId id) {
  Client* c = engine_.client(id);
  if (c == nullptr || !is_at_rest(*c)) return std::nullopt;
  ClientParcel parcel{.database = c->pool->database(), .user = *c->login_user,
                      .protocol32 = c->protocol32, .cancel_key = c->cancel_key,
                      .peer = std::move(*c->peer), .connected = c->connected,
                      .startup = c->startup->values, .settings = c->settings->values};
  if (c->cancel_rest) parcel.cancel_rest = *c->cancel_rest;
  if (c->unnamed) parcel.unnamed = *c->unnamed;
  if (c->statements)
    for (const auto& [name, statement] : c->statements->names())
      if (statement)
        parcel.statements.push_back(
            {.name = name, .definition = std::string(as_text(statement->definition())),
             .scope = statement->key.substr(statement->definition().size()),
             .told = c->statements->told(statement->id)});
  engine_.forget_client(*c);
  return parcel;
}

std::optional<TravellingServer> Takeover::depart(ServerId id, Instant now) {
  Server* s = engine_.server(id);
  if (s == nullptr) return std::nullopt;
  Room& room = engine_.room_of(*s);
  if (!is_at_rest(*s, room)) return std::nullopt;
  TravellingServer travelling{
      .database = room.database(), .user = room.user(),
      .dbname = std::string(config::Config::server_dbname(*room.entry, room.database())),
      .worker = engine_.worker_,
      .parcel = {.settings = s->settings->values, .base = s->base->values,
                 .reported = s->reported,
                 .statements = s->statements.list(), .pid = s->pid, .cancel_key = s->cancel_key,
                 .endpoint = s->endpoint, .connected = s->connected,
                 .local_address = s->local_address, .local_port = s->local_port,
                 .stale = s->stale, .unnamed = s->unnamed_owner.valid()}};
  s->base = s->settings = s->applying = SettingsRef();
  room.move(*s, ServerState::Gone, now);
  engine_.servers_.erase(id);
  return travelling;
}

std::vector<PoolKnowledge> Takeover::knowledge() const {
  std::vector<PoolKnowledge> all;
  for (const auto& [key, room] : engine_.rooms_) {
    PoolKnowledge& pool = all.emplace_back(PoolKnowledge{
        .database = room->database(), .user = room->user(), .keys = room->keys,
        .password = room->clear_password,
        .secret = room->secret ? room->secret->text : ""});
    const auto add = [&pool](const SettingsRef& settings) {
      if (settings->accepted) pool.welcomes.emplace_back(settings->values, settings->reported);
    };
    add(room->base);
    for (const SettingsRef& settings : room->known) add(settings);
  }
  return all;
}

void Takeover::learn(const PoolKnowledge& pool, Instant now, Effects& out) {
  if (engine_.config_->find_database(pool.database) == nullptr) return;
  Room& room = engine_.room(pool.database, pool.user);
  if (!room.keys) room.keys = pool.keys;
  if (room.clear_password.empty()) room.clear_password = pool.password;
  if (!room.secret && !pool.secret.empty()) room.secret = auth::parse_secret(pool.secret);
  for (const auto& [settings, reported] : pool.welcomes) {
    Letter letter{.kind = Letter::Kind::Welcome, .database = pool.database, .user = pool.user};
    letter.parcel.settings = settings;
    letter.parcel.reported = reported;
    engine_.learn(letter, now, out);
  }
}

ClientId Takeover::arrive(const ClientParcel& parcel, Instant now, Effects& out) {
  Client& c = engine_.clients_.emplace();
  const ClientId id = c.id;
  c.number = engine_.ledger_.next_number();
  c.connected = parcel.connected;
  c.since = now;
  c.peer = std::make_unique<Peer>(Peer{.address = parcel.peer.address, .port = parcel.peer.port,
                                       .local_address = parcel.peer.local_address,
                                       .local_port = parcel.peer.local_port});
  c.protocol32 = parcel.protocol32;
  c.login_user = &take_name(engine_.names_, parcel.user);
  engine_.arriving_.push_back(c);
  const config::Database* entry = engine_.config_->find_database(parcel.database);
  if (entry == nullptr) {
    engine_.refuse(c, Fault::DatabaseRemoved, "", now, out);
    return id;
  }
  // It was let in already: limits are for those who come new.
  const auto count = [](pool::Count& clients) { clients.take(0); };
  count(engine_.ledger_.clients);
  c.counted = true;
  c.database_account = &engine_.ledger_.database(parcel.database);
  count(c.database_account->clients);
  c.user_account = &engine_.ledger_.user(parcel.user);
  count(c.user_account->clients);
  Room& room = engine_.room(parcel.database, entry->user.value_or(parcel.user));
  c.startup = room.settings.intern(parcel.startup);
  c.settings = room.settings.intern(parcel.settings);
  if (parcel.cancel_key != 0 && engine_.cancel_keys_.try_emplace(parcel.cancel_key, id).second) {
    c.cancel_key = parcel.cancel_key;
    if (!parcel.cancel_rest.empty())
      c.cancel_rest = std::make_unique<std::string>(parcel.cancel_rest);
  }
  if (!parcel.statements.empty()) c.statements = std::make_unique<ClientStatements>();
  for (const NamedStatement& named : parcel.statements) {
    const StatementRef statement =
        engine_.statements_.intern(as_bytes(named.definition), named.scope);
    c.statements->set(named.name, statement);
    c.statements->confirm_oldest();
    if (named.told != kUnknownShape) c.statements->tell(statement->id, named.told);
  }
  if (!parcel.unnamed.empty()) c.unnamed = std::make_unique<std::string>(parcel.unnamed);
  engine_.arriving_.remove(c);
  room.move(c, ClientState::Login, now);
  room.move(c, ClientState::Idle, now);
  c.phase = ClientPhase::Ready;
  return id;
}

// Whether this configuration would have made the same connection.
bool Takeover::is_wanted(const TravellingServer& travelling) const {
  const config::Config& config = *engine_.config_;
  const config::Database* entry = config.find_database(travelling.database);
  if (entry == nullptr) return false;
  const Endpoint& endpoint = travelling.parcel.endpoint;
  const bool same_host = entry->hosts.empty()
                             ? endpoint.host == config.settings.unix_socket_dir
                             : std::ranges::find(entry->hosts, endpoint.host) != entry->hosts.end();
  return same_host && endpoint.port == entry->port &&
         config::Config::server_dbname(*entry, travelling.database) == travelling.dbname &&
         travelling.user == entry->user.value_or(travelling.user);
}

ServerId Takeover::arrive(const TravellingServer& travelling, Instant now, Effects& out) {
  pool::PoolAccount& account = engine_.ledger_.pool(travelling.database, travelling.user);
  if (!is_wanted(travelling)) {
    pool::Ledger::give_server(account);
    return {};
  }
  Letter letter{.kind = Letter::Kind::Parcel, .database = travelling.database,
                .user = travelling.user, .parcel = travelling.parcel};
  letter.parcel.number = engine_.ledger_.next_number();
  letter.parcel.epoch = engine_.epoch_;
  account.desks[engine_.worker_].incoming.fetch_add(1, std::memory_order_relaxed);
  return engine_.receive(letter, now, out);
}

unsigned Takeover::home(const ClientParcel& parcel, unsigned workers) {
  return cancel_key::worker(parcel.cancel_key) % workers;
}

}  // namespace weir::session

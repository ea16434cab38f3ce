#include "session/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace weir::session {

namespace {

constexpr unsigned kWorkerBits = 6;
static_assert(pool::kMaxWorkers <= 1u << kWorkerBits);

}  // namespace

Engine::Engine(Setup setup)
    : worker_(setup.worker),
      ledger_(setup.ledger),
      random_(setup.random),
      config_(std::move(setup.config)),
      mock_key_(setup.mock_key),
      statements_(setup.worker | setup.generation << kWorkerBits) {
  peering_.has_predecessor = setup.generation > 0;
  open_fixed_rooms();
}

Engine::~Engine() {
  clients_.for_each([this](Client& c) {
    c.server = nullptr;
    forget_client(c);
  });
  servers_.for_each([this](Server& s) { forget_server(s); });
}

Room* Engine::find_room(std::string_view database, std::string_view user) {
  const auto it = rooms_.find(std::pair(std::string(database), std::string(user)));
  return it == rooms_.end() ? nullptr : it->second.get();
}

Room& Engine::room(std::string_view database, std::string_view user) {
  if (Room* known = find_room(database, user)) return *known;
  auto fresh = std::make_unique<Room>(ledger_, ledger_.pool(database, user), worker_);
  fresh->paused = all_paused_ || paused_.contains(database);
  configure_room(*fresh);
  return *rooms_.emplace(std::pair(std::string(database), std::string(user)), std::move(fresh))
              .first->second;
}

// Pools that are kept at min_pool_size without clients: those with a forced user. One worker does.
void Engine::open_fixed_rooms() {
  if (worker_ != 0) return;
  for (const auto& [name, entry] : config_->databases)
    if (entry.user && config_->min_pool_size(entry, *entry.user) > 0) room(name, *entry.user);
}

// Resolves what the configuration says about a room.
void Engine::configure_room(Room& r) {
  const config::Config& config = *config_;
  const config::Settings& settings = config.settings;
  r.entry = config.find_database(r.database());
  ASSERT(r.entry != nullptr);
  const config::Database& entry = *r.entry;
  r.configure({.mode = static_cast<pool::Mode>(config.pool_mode(entry, r.user())),
               .pool_size = config.pool_size(entry, r.user()),
               .min_pool_size = config.min_pool_size(entry, r.user()),
               .reserve_pool_size = config.reserve_pool_size(entry, r.user()),
               .max_db_connections = config.max_db_connections(entry),
               .max_user_connections = config.max_user_connections(r.user()),
               .keeps_minimum = entry.user.has_value(),
               .round_robin = settings.server_round_robin,
               .reserve_pool_timeout = settings.reserve_pool_timeout,
               .server_lifetime = config.server_lifetime(entry),
               .server_idle_timeout = settings.server_idle_timeout,
               .server_check_delay = settings.server_check_delay,
               .query_wait_timeout = config.query_wait_timeout(entry, r.user()),
               .login_retry = config.weir.strict ? settings.server_login_retry : Duration()});
  r.query_timeout = config.query_timeout(r.user());
  r.idle_transaction_timeout = config.idle_transaction_timeout(r.user());
  r.transaction_timeout = config.transaction_timeout(r.user());
  r.client_idle_timeout = config.client_idle_timeout(r.user());
  r.session_state = config.session_state(entry);
}

namespace {

// A change after which existing server connections are no longer the right ones.
bool moved(const config::Database& before, const config::Database& after) {
  return before.dbname != after.dbname || before.hosts != after.hosts ||
         before.port != after.port || before.user != after.user ||
         before.password != after.password || before.connect_query != after.connect_query;
}

// The same for connections to servers in general.
bool tls_changed(const config::Config& before, const config::Config& after) {
  const auto values = [](const config::Config& config) {
    const config::Settings& s = config.settings;
    return std::tie(s.server_tls_sslmode, s.server_tls_ca_file, s.server_tls_key_file,
                    s.server_tls_cert_file, s.server_tls_protocols, s.server_tls_ciphers,
                    s.server_tls13_ciphers, config.weir.server_tls_sslnegotiation);
  };
  return values(before) != values(after);
}

}  // namespace

void Engine::configure(std::shared_ptr<const config::Config> config, Instant now, Effects& out) {
  const std::shared_ptr<const config::Config> before = std::exchange(config_, std::move(config));
  auth_query_.forget();
  const bool all_moved = tls_changed(*before, *config_);
  ++epoch_;
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    Room& r = *it->second;
    const config::Database* entry = config_->find_database(r.database());
    if (entry == nullptr) {
      r.paused = true;
      close_room(r, now, out);
      it = rooms_.erase(it);
      continue;
    }
    const config::Database old = *r.entry;
    configure_room(r);
    if (all_moved || moved(old, *entry)) reconnect(r.database(), now, out);
    ++it;
  }
  open_fixed_rooms();
  for (auto& [key, r] : rooms_) want_servers(*r, now, out);
}

// Its database is no longer in the configuration.
void Engine::close_room(Room& r, Instant now, Effects& out) {
  for (std::size_t state = 0; state < pool::kClientLists; ++state)
    while (pool::ClientSlot* c = r.clients(static_cast<pool::ClientState>(state)).front())
      refuse(static_cast<Client&>(*c), Fault::DatabaseRemoved, "", now, out);
  for (std::size_t state = 0; state < pool::kServerLists; ++state)
    while (pool::ServerSlot* s = r.servers(static_cast<pool::ServerState>(state)).front())
      close_server(static_cast<Server&>(*s), ServerEnd::Removed, now, out);
}

std::optional<Connection> Engine::peer_of(Connection connection) {
  if (connection.side == Connection::Side::Client) {
    const Client* c = client(connection.client());
    if (c == nullptr || c->server == nullptr) return std::nullopt;
    return c->server->id;
  }
  const Server* s = server(connection.server());
  if (s == nullptr || s->client == nullptr) return std::nullopt;
  return s->client->id;
}

void Engine::client_behind(ClientId id, bool behind, Instant now) {
  Client* c = client(id);
  if (c == nullptr || c->server == nullptr) return;
  if (behind) {
    c->server->stall.begin(now);
  } else {
    c->server->stall.end(now);
  }
}

void Room::check_timings() const {
  using enum stats::Timing;
  const auto count = [this](stats::Timing kind) { return timings.of(kind).count(); };
  const auto sum = [this](stats::Timing kind) { return timings.of(kind).sum(); };
  ASSERT(count(Query) == counters.query_count && sum(Query) == counters.query_time);
  ASSERT(count(Transaction) == counters.xact_count && sum(Transaction) == counters.xact_time);
  ASSERT(count(Wait) == counters.server_assignment_count && sum(Wait) == counters.wait_time);
  ASSERT(count(ClientLogin) == counters.client_login_count);
  ASSERT(count(Server) == count(Query) && count(ClientRead) == count(Query));
  ASSERT(sum(Server) + sum(ClientRead) == sum(Query));
}

void Engine::log(const Client& c, Effects& out, LogLevel level, std::string text) {
  std::string database = "(nodb)";
  if (c.login) {
    database = c.login->startup.database;
  } else if (c.pool != nullptr) {
    database = c.pool->database();
  } else if (c.phase == ClientPhase::Console) {
    database = "pgbouncer";
  }
  out.log({.level = level, .side = 'C', .id = c.number,
           .database = std::move(database),
           .user = c.login_user != nullptr ? *c.login_user : "(nouser)",
           .address = c.peer->unix_peer ? fmt::format("{}({}):{}", c.peer->address,
                                                      c.peer->unix_peer->pid, c.peer->port)
                                        : fmt::format("{}:{}", c.peer->address, c.peer->port),
           .text = std::move(text)});
}

void Engine::log(const Server& s, Effects& out, LogLevel level, std::string text) {
  out.log({.level = level, .side = 'S', .id = s.number,
           .database = s.pool->database(), .user = s.pool->user(),
           .address = fmt::format("{}:{}", s.endpoint.is_unix() ? "unix" : s.endpoint.host,
                                 s.endpoint.port),
           .text = std::move(text)});
}

void Engine::check_invariants() {
  for (auto& [key, r] : rooms_) {
    r->check_invariants();
    r->check_timings();
  }
  servers_.for_each([](Server& s) {
    ASSERT(s.pool != nullptr);
    ASSERT((s.state == pool::ServerState::Active) == (s.client != nullptr));
    if (s.client != nullptr) ASSERT(s.client->server == &s && s.client->pool == s.pool);
    const bool at_rest =
        s.state == pool::ServerState::Idle || s.state == pool::ServerState::BeingCanceled;
    if (at_rest) ASSERT(s.requests.empty() && s.status == 'I' && !s.unsynced);
    if (s.state == pool::ServerState::Idle) ASSERT(s.cancels == 0);
  });
  clients_.for_each([this](Client& c) {
    const bool linked = c.server != nullptr;
    ASSERT(linked == (c.state == pool::ClientState::Active));
    if (linked) ASSERT(c.server->client == &c);
    ASSERT(c.pool != nullptr || arriving_.contains(c) || consoles_.contains(c));
  });
}

}  // namespace weir::session

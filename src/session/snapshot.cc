// What SHOW, metrics and the page get to see of this worker.
#include <algorithm>
#include <map>
#include <tuple>

#include "session/engine.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

std::string_view state_name(const Client& c) {
  switch (c.state) {
    case ClientState::Waiting: return "waiting";
    case ClientState::Active: return "active";
    case ClientState::Idle: return "idle";
    case ClientState::Login:
    case ClientState::Gone: return c.phase == ClientPhase::Console ? "idle" : "login";
  }
  return "";
}

std::string_view state_name(ServerState state) {
  switch (state) {
    case ServerState::Login: return "new";
    case ServerState::Idle: return "idle";
    case ServerState::Used: return "used";
    case ServerState::Tested: return "tested";
    case ServerState::Active: return "active";
    case ServerState::BeingCanceled: return "being_canceled";
    case ServerState::Cancel: return "active_cancel";
    case ServerState::Gone: break;
  }
  return "";
}

std::string application_name(const SettingsRef& settings) {
  if (!settings) return {};
  const auto& values = settings->values;
  const auto it = std::ranges::find_if(
      values, [](const auto& entry) { return entry.first == "application_name"; });
  return it == values.end() ? std::string() : it->second;
}

std::string database_of(const Client& c) {
  if (c.phase == ClientPhase::Console) return "pgbouncer";
  if (c.login) return c.login->startup.database;
  return c.pool != nullptr ? c.pool->database() : "";
}

SocketRow client_row(const Client& c, Instant now) {
  SocketRow row{.type = 'C', .user = c.login_user != nullptr ? *c.login_user : "",
                .database = database_of(c), .state = std::string(state_name(c)),
                .address = c.peer->address, .local_address = c.peer->local_address,
                .application_name = {}};
  row.replication = shown(c.replicates);
  row.port = c.peer->port;
  row.local_port = c.peer->local_port;
  if (c.peer->unix_peer) row.remote_pid = static_cast<std::uint32_t>(c.peer->unix_peer->pid);
  row.connected = c.connected;
  row.request = c.since;
  row.wait_us = c.state == ClientState::Waiting ? (now - c.since).count() : 0;
  row.id = c.number;
  row.slot = c.id.index;
  row.link = c.server != nullptr ? c.server->number : 0;
  if (c.peer->tls) row.tls = c.peer->tls_facts->description;
  row.application_name = application_name(c.settings);
  row.prepared_statements = c.statements ? c.statements->size() : 0;
  return row;
}

SocketRow server_row(const Server& s) {
  SocketRow row{.type = 'S', .user = s.pool->user(), .database = s.pool->database(),
                .state = std::string(state_name(s.state)), .address = s.endpoint.host,
                .local_address = s.local_address, .application_name = {}};
  if (row.address.starts_with('/') || row.address.starts_with('@')) row.address = "unix";
  row.replication = shown(s.replicates);
  row.port = s.endpoint.port;
  row.local_port = s.local_port;
  row.connected = s.connected;
  row.request = s.since;
  row.close_needed = static_cast<const Room&>(*s.pool).is_obsolete(s);
  row.id = s.number;
  row.slot = s.id.index;
  row.link = s.client != nullptr ? s.client->number : 0;
  row.remote_pid = s.pid;
  if (s.tls) row.tls = s.tls->description;
  row.application_name = s.settings ? application_name(s.settings) : "";
  row.prepared_statements = s.statements.size();
  return row;
}

// A pool that nobody has used for longer says nothing about its server.
constexpr Duration kInUse = std::chrono::minutes(1);

// More kinds than this are one, so that names that clients make up cost no time.
constexpr std::size_t kGroupsMax = 1000;

ClientGroup group_of(const Client& c) {
  return {.database = database_of(c), .user = c.login_user != nullptr ? *c.login_user : "",
          .application_name = application_name(c.settings), .state = state_name(c)};
}

// By what is the same object for clients of one kind, so that texts are looked at once a kind.
// Those that log in have a database before they have a pool: they are few.
std::vector<ClientGroup> groups_of(Slab<Client, ClientId>& clients) {
  using Key = std::tuple<const void*, const void*, const void*, std::string_view>;
  std::map<Key, std::size_t> places;
  std::vector<ClientGroup> groups;
  ClientGroup others{.database = "other", .user = "other", .application_name = "other",
                     .state = "other"};
  clients.for_each([&](const Client& c) {
    const void* where = c.login ? static_cast<const void*>(c.login.get()) : c.pool;
    const Key key{where, c.login_user, c.settings ? &*c.settings : nullptr, state_name(c)};
    auto at = places.find(key);
    if (at == places.end() && groups.size() == kGroupsMax) {
      ++others.clients;
      return;
    }
    if (at == places.end()) {
      at = places.emplace(key, groups.size()).first;
      groups.push_back(group_of(c));
    }
    ++groups[at->second].clients;
  });
  if (others.clients > 0) groups.push_back(std::move(others));
  return groups;
}

}  // namespace

Snapshot Engine::snapshot(Instant now, bool with_sockets) {
  Snapshot shot;
  shot.now = now;
  shot.pools.reserve(rooms_.size());
  shot.login_clients = arriving_.size();
  shot.tally = tally_;
  shot.pools.reserve(rooms_.size());
  for (auto& [key, r] : rooms_) {
    const auto clients = [&r](ClientState s) { return r->clients(s).size(); };
    const auto servers = [&r](ServerState s) { return r->servers(s).size(); };
    const pool::ClientSlot* oldest = r->clients(ClientState::Waiting).front();
    PoolRow row{.database = r->database(), .user = r->user()};
    row.cl_active = clients(ClientState::Active) + clients(ClientState::Idle);
    row.cl_waiting = clients(ClientState::Waiting) + clients(ClientState::Login);
    row.cl_active_cancel_req = servers(ServerState::Cancel);
    row.sv_active = servers(ServerState::Active);
    row.sv_active_cancel = servers(ServerState::Cancel);
    row.sv_being_canceled = servers(ServerState::BeingCanceled);
    row.sv_idle = servers(ServerState::Idle);
    row.sv_used = servers(ServerState::Used);
    row.sv_tested = servers(ServerState::Tested);
    row.sv_login = servers(ServerState::Login);
    row.maxwait_us = oldest != nullptr ? (now - oldest->since).count() : 0;
    row.mode = r->limits().mode;
    row.paused = r->paused;
    row.failing = r->failing() && now - r->last_used < kInUse;
    row.counters = r->counters;
    shot.pools.push_back(std::move(row));
  }
  shot.memory = memory_of(clients_, servers_, rooms_, statements_);
  shot.peer_pools = peering_.rows();
  shot.client_count = clients_.size();
  shot.server_count = servers_.size();
  shot.console_count = consoles_.size();
  for (const auto& [name, count] : names_) shot.client_users.push_back(name);
  shot.with_sockets = with_sockets;
  if (!with_sockets) {
    shot.client_groups = groups_of(clients_);
    return shot;
  }
  clients_.for_each([&](Client& c) { shot.clients.push_back(client_row(c, now)); });
  servers_.for_each([&](Server& s) { shot.servers.push_back(server_row(s)); });
  return shot;
}

// In parts, since a thousand pools' histograms take longer than others may be kept waiting. The
// counters are read again, so that a row's values are of one moment.
bool Engine::add_timings(Snapshot& shot, std::size_t most) const {
  if (shot.timed == 0) shot.applications = applications_;
  const std::size_t end = std::min(shot.pools.size(), shot.timed + most);
  for (; shot.timed < end; ++shot.timed) {
    PoolRow& row = shot.pools[shot.timed];
    const auto it = rooms_.find(std::pair(row.database, row.user));
    if (it == rooms_.end()) continue;  // dropped meanwhile
    row.counters = it->second->counters;
    row.timings = it->second->timings;
  }
  return shot.timed == shot.pools.size();
}

}  // namespace weir::session

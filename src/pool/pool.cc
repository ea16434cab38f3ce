#include "pool/pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace weir::pool {

namespace {

// Which states a server may go to from each state (row: from, bit: to).
constexpr unsigned bit(ServerState s) { return 1u << static_cast<unsigned>(s); }

constexpr unsigned legal_after(ServerState from) {
  using enum ServerState;
  switch (from) {
    case Login: return bit(Idle) | bit(Tested) | bit(Active) | bit(Gone);
    case Idle: return bit(Used) | bit(Active) | bit(Tested) | bit(Gone);
    case Used: return bit(Tested) | bit(Gone);
    case Tested: return bit(Idle) | bit(Active) | bit(BeingCanceled) | bit(Gone);
    case Active: return bit(Idle) | bit(Tested) | bit(Active) | bit(BeingCanceled) | bit(Gone);
    case BeingCanceled: return bit(Idle) | bit(Active) | bit(Tested) | bit(Gone);
    case Cancel: return bit(Gone);
    case Gone: return bit(Login) | bit(Idle) | bit(Active) | bit(Cancel);
  }
  return 0;
}

constexpr unsigned bit(ClientState s) { return 1u << static_cast<unsigned>(s); }

constexpr unsigned legal_after(ClientState from) {
  using enum ClientState;
  switch (from) {
    case Login: return bit(Idle) | bit(Waiting) | bit(Gone);
    case Idle: return bit(Waiting) | bit(Active) | bit(Gone);
    case Waiting: return bit(Idle) | bit(Active) | bit(Login) | bit(Gone);
    case Active: return bit(Idle) | bit(Waiting) | bit(Login) | bit(Gone);
    case Gone: return bit(Login);
  }
  return 0;
}

}  // namespace

Pool::Pool(Ledger& ledger, PoolAccount& account, unsigned worker)
    : ledger_(ledger), account_(account), worker_(worker) {}

Pool::~Pool() {
  ASSERT(!has_clients());
  for (const auto& list : servers_) ASSERT(list.empty());
}

void Pool::move(ClientSlot& client, ClientState to, Instant now) {
  ASSERT((legal_after(client.state) & bit(to)) != 0);
  if (client.state != ClientState::Gone) clients(client.state).remove(client);
  const bool waits = client.state == ClientState::Waiting || to == ClientState::Waiting;
  client.state = to;
  client.since = now;
  client.notified = false;
  client.pool = to == ClientState::Gone ? nullptr : this;
  if (to != ClientState::Gone) clients(to).push_back(client);
  if (waits) publish();
}

void Pool::wait_again(ClientSlot& client, Instant waiting_since) {
  ASSERT(client.state == ClientState::Active);
  clients(ClientState::Active).remove(client);
  client.state = ClientState::Waiting;
  client.since = waiting_since;
  clients(ClientState::Waiting).push_front(client);
  publish();
}

void Pool::move(ServerSlot& server, ServerState to, Instant now) {
  ASSERT((legal_after(server.state) & bit(to)) != 0);
  if (server.state != ServerState::Gone) servers(server.state).remove(server);
  const bool idles = server.state == ServerState::Idle || server.state == ServerState::Used ||
                     to == ServerState::Idle || to == ServerState::Used;
  server.state = to;
  server.since = now;
  server.pool = to == ServerState::Gone ? nullptr : this;
  if (to == ServerState::Idle && !limits_.round_robin) {
    servers(to).push_front(server);
  } else if (to != ServerState::Gone) {
    servers(to).push_back(server);
  }
  if (idles) publish();
}

std::size_t Pool::connections() const {
  std::size_t sum = 0;
  for (const auto& list : servers_) sum += list.size();
  return sum - servers(ServerState::Cancel).size();
}

bool Pool::has_clients() const {
  return std::ranges::any_of(clients_, [](const auto& list) { return !list.empty(); });
}

bool Pool::is_empty() const {
  return !has_clients() && account_.servers.value() == 0 &&
         servers(ServerState::Cancel).empty();
}

ServerSlot* Pool::available() const {
  if (paused || !clients(ClientState::Waiting).empty()) return nullptr;
  return servers(ServerState::Idle).front();
}

ServerSlot* Pool::checkable() const {
  if (paused || clients(ClientState::Waiting).size() <= servers(ServerState::Tested).size())
    return nullptr;
  return servers(ServerState::Used).front();
}

Pool::Next Pool::next_for_free_server() const {
  Next next;
  if (paused) return next;
  ClientSlot* mine = clients(ClientState::Waiting).front();
  std::int64_t oldest =
      mine != nullptr ? mine->since.time_since_epoch().count() - kLocalPreference : kNobodyWaits;
  for (unsigned w = 0; w < ledger_.workers(); ++w) {
    if (w == worker_) continue;
    const Desk& desk = account_.desks[w];
    const std::int64_t theirs = desk.oldest.load(std::memory_order_relaxed);
    if (theirs >= oldest) continue;
    if (desk.incoming.load(std::memory_order_relaxed) >=
        desk.waiting.load(std::memory_order_relaxed))
      continue;
    oldest = theirs;
    next.worker = w;
  }
  if (!next.worker) next.client = mine;
  return next;
}

std::optional<unsigned> Pool::idle_elsewhere(unsigned first) const {
  for (unsigned w = first; w < ledger_.workers(); ++w)
    if (w != worker_ && account_.desks[w].idle.load(std::memory_order_relaxed) > 0) return w;
  return std::nullopt;
}

// A clean-up that takes longer is not waited for.
std::size_t Pool::coming(Instant now) {
  std::size_t count = servers(ServerState::Login).size();
  servers(ServerState::Tested).for_each(
      [&](const ServerSlot& s) { count += now - s.since < kCleanUpUsually; });
  return count;
}

bool Pool::wants_connection(Instant now) {
  const std::size_t soon = coming(now);
  if (soon >= kParallelLogins) return false;
  if (clients(ClientState::Waiting).size() > soon) return true;
  return (has_clients() || limits_.keeps_minimum) &&
         account_.servers.value() < limits_.min_pool_size;
}

bool Pool::reserve_allowed(Instant now) const {
  if (limits_.reserve_pool_size <= 0 || limits_.reserve_pool_timeout <= Duration::zero())
    return false;
  const ClientSlot* oldest = clients(ClientState::Waiting).front();
  return oldest != nullptr && now - oldest->since >= limits_.reserve_pool_timeout;
}

Pool::Opening Pool::take(int limit) {
  using enum Ledger::Taken;
  switch (Ledger::take_server(account_, limit, limits_.max_db_connections,
                              limits_.max_user_connections)) {
    case Yes: return Opening::Open;
    case PoolFull: return Opening::No;
    case DatabaseFull: return Opening::DatabaseFull;
    case UserFull: return Opening::UserFull;
  }
  return Opening::No;
}

Pool::Opening Pool::try_open(Instant now) {
  if (paused || now < next_attempt_) return Opening::No;
  const bool probe = failing() && servers(ServerState::Login).empty() &&
                     (has_clients() || limits_.keeps_minimum);
  if (failing() ? !probe : !wants_connection(now)) return Opening::No;
  const bool only_minimum = clients(ClientState::Waiting).empty();
  const int limit = only_minimum && !failing()
                        ? std::min(limits_.min_pool_size, limits_.pool_size)
                        : limits_.pool_size;
  const Opening opening = take(limit);
  if (opening != Opening::No || !reserve_allowed(now)) return opening;
  return take(limits_.pool_size + limits_.reserve_pool_size) == Opening::Open
             ? Opening::OpenReserve
             : Opening::No;
}

void Pool::give_back() { Ledger::give_server(account_); }

void Pool::connect_failed(std::string reason, std::string sqlstate, Instant now) {
  if (!failing()) probe_after_ = kProbeFirst;
  failure_ = std::move(reason);
  failure_sqlstate_ = std::move(sqlstate);
  last_failure_ = now;
  next_attempt_ = now + std::max(limits_.login_retry, probe_after_);
  probe_after_ = std::min(probe_after_ * 2, kProbeLast);
}

void Pool::connect_succeeded() {
  failure_.clear();
  failure_sqlstate_.clear();
  probe_after_ = kProbeFirst;
  next_attempt_ = {};
}

void Pool::publish() {
  if (ledger_.workers() == 1) return;
  Desk& desk = account_.desks[worker_];
  const ClientList& waiting = clients(ClientState::Waiting);
  desk.waiting.store(static_cast<int>(waiting.size()), std::memory_order_relaxed);
  desk.idle.store(static_cast<int>(servers(ServerState::Idle).size() +
                                   servers(ServerState::Used).size()),
                  std::memory_order_relaxed);
  desk.oldest.store(waiting.empty() ? kNobodyWaits
                                    : waiting.front()->since.time_since_epoch().count(),
                    std::memory_order_relaxed);
}

void Pool::check_invariants() const {
  for (std::size_t s = 0; s < kServerLists; ++s)
    for (const ServerSlot* server = servers_[s].front(); server != nullptr;
         server = ServerList::next(*server)) {
      ASSERT(static_cast<std::size_t>(server->state) == s);
      ASSERT(server->pool == this);
    }
  for (std::size_t s = 0; s < kClientLists; ++s)
    for (const ClientSlot* client = clients_[s].front(); client != nullptr;
         client = ClientList::next(*client)) {
      ASSERT(static_cast<std::size_t>(client->state) == s);
      ASSERT(client->pool == this);
    }
  ASSERT(static_cast<int>(connections()) <= account_.servers.value());
}

}  // namespace weir::pool

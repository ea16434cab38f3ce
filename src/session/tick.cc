// Deadlines. Lists are in the order in which their members entered, and every member of a pool has
// the same time limit, so only the oldest need a look; servers are few and are all looked at.
#include <fmt/format.h>

#include "session/engine.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;
using stats::Timeout;

namespace {

bool over(Duration limit, Instant since, Instant now) {
  return limit > Duration::zero() && now - since >= limit;
}

}  // namespace

void Engine::tick(Instant now, Effects& out) {
  tick_logins(now, out);
  auth_query_.tick(now);
  peering_.tick(now, out);
  replication_.tick(now, out);
  for (auto& [key, room] : rooms_) tick_room(*room, now, out);
  check_paused(now, out);
  drop_idle_rooms(now, out);
}

// Pools that nobody has used for pool_idle_timeout, or, behind the entry *, autodb_idle_timeout.
void Engine::drop_idle_rooms(Instant now, Effects& out) {
  const config::Settings& settings = config_->settings;
  std::erase_if(rooms_, [&](const auto& entry) {
    Room& room = *entry.second;
    if (!room.is_empty() || room.last_used == Instant()) {
      room.last_used = now;
      return false;
    }
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - room.last_used).count();
    if (over(settings.pool_idle_timeout, room.last_used, now)) {
      out.log({.level = LogLevel::Log,
               .text = fmt::format("cleaning up idle pool for user {} on db {} because: pool idle "
                                   "timeout (age= {}s)", room.user(), room.database(), age)});
      return true;
    }
    const bool fallback = !config_->databases.contains(room.database());
    if (!fallback || !over(settings.autodb_idle_timeout, room.last_used, now)) return false;
    if (room.account().database.registered.exchange(false))
      out.log({.level = LogLevel::Log,
               .text = fmt::format("dropping database '{}' as it does not exist anymore or "
                                   "inactive auto-database", room.database())});
    return true;
  });
}

void Engine::tick_logins(Instant now, Effects& out) {
  const config::Settings& settings = config_->settings;
  arriving_.for_each([&](pool::ClientSlot& slot) {
    Client& c = static_cast<Client&>(slot);
    if (c.phase == ClientPhase::Cancel) {
      if (!over(settings.cancel_wait_timeout, c.connected, now)) return;
      ++tally_.timeouts[Timeout::CancelWait];
      drop_client(c, ClientEnd::CancelRequest, "cancel_wait_timeout", now, out);
    } else if (c.phase == ClientPhase::Refused) {
      if (now >= c.login->refuse_at)
        refuse(c, c.login->refusal, std::string(c.login->refusal_text), now, out);
    } else if (over(settings.client_login_timeout, c.connected, now)) {
      refuse(c, Fault::ClientLoginTimeout, "", now, out);
    }
  });
}

void Engine::tick_room(Room& room, Instant now, Effects& out) {
  tick_waiting(room, now, out);
  tick_active(room, now, out);
  tick_idle(room, now, out);
  tick_servers(room, now, out);
  want_servers(room, now, out);
}

void Engine::tick_waiting(Room& room, Instant now, Effects& out) {
  const config::Settings& settings = config_->settings;
  room.clients(ClientState::Waiting).for_each([&](pool::ClientSlot& slot) {
    Client& c = static_cast<Client&>(slot);
    if (c.logs_in()) {
      if (over(settings.client_login_timeout, c.connected, now))
        refuse(c, Fault::ClientLoginTimeoutServerDown, "", now, out);
    } else if (over(room.query_timeout, c.since, now)) {
      refuse(c, Fault::QueryTimeout, "query_timeout", now, out);
    } else if (over(room.limits().query_wait_timeout, c.since, now)) {
      refuse(c, Fault::QueryWaitTimeout, "", now, out);
    } else if (!c.notified && over(settings.query_wait_notify, c.since, now)) {
      c.notified = true;
      wire::append_notice(scratch_, {.severity = "NOTICE", .sqlstate = "00000",
                                     .message = "No server connection available in postgres "
                                                "backend, client being queued"});
      out.send(c.id, scratch_);
      scratch_.clear();
    }
  });
}

void Engine::tick_active(Room& room, Instant now, Effects& out) {
  room.servers(ServerState::Active).for_each([&](pool::ServerSlot& slot) {
    Server& s = static_cast<Server&>(slot);
    if (s.client == nullptr || s.replicates != Replicates::No) return;
    Client& c = *s.client;
    // The pooler's own queries are cheap and lock nothing: each has as long as a login.
    if (!s.requests.empty() && s.requests.front().whose == Request::For::Pooler &&
        ends_with_ready(s.requests.front().kind) &&
        s.requests.front().kind != Request::Kind::Lookup &&
        over(config_->settings.server_connect_timeout, s.query_start, now)) {
      ++tally_.timeouts[Timeout::OwnQuery];
      lose_server(s, Fault::ServerCrashed, "", now, out);
      return;
    }
    const bool in_transaction = s.status != 'I' || s.unsynced;
    const bool idle = s.requests.empty() && c.framer.at_boundary();
    if (!in_transaction && idle && config_->settings.server_fast_close &&
        room.limits().mode == pool::Mode::Session && room.is_obsolete(s)) {
      refuse(c, Fault::ConfigurationChanged, "", now, out);
    } else if (c.logs_in()) {
      if (over(config_->settings.client_login_timeout, c.connected, now))
        refuse(c, Fault::ClientLoginTimeout, "", now, out);
    } else if (!s.requests.empty() && over(room.query_timeout, s.query_start, now)) {
      refuse(c, Fault::QueryTimeout, "", now, out);
    } else if ((in_transaction || !idle) && over(room.transaction_timeout, s.xact_start, now)) {
      refuse(c, Fault::TransactionTimeout, "", now, out);
    } else if (in_transaction && idle && over(room.idle_transaction_timeout, s.last_ready, now)) {
      refuse(c, Fault::IdleTransactionTimeout, "", now, out);
    } else if (!in_transaction && idle && over(room.client_idle_timeout, s.last_ready, now)) {
      refuse(c, Fault::ClientIdleTimeout, "", now, out);  // session mode
    }
  });
}

void Engine::tick_idle(Room& room, Instant now, Effects& out) {
  while (pool::ClientSlot* oldest = room.clients(ClientState::Idle).front()) {
    if (!over(room.client_idle_timeout, oldest->since, now)) break;
    refuse(static_cast<Client&>(*oldest), Fault::ClientIdleTimeout, "", now, out);
  }
}

void Engine::tick_servers(Room& room, Instant now, Effects& out) {
  const config::Settings& settings = config_->settings;
  const pool::Limits& limits = room.limits();
  const auto look_at_idle = [&](pool::ServerSlot& slot) {
    Server& s = static_cast<Server&>(slot);
    // One lifetime's connections end one after the other, not all at once.
    const Duration apart = limits.server_lifetime / std::max(1, limits.pool_size);
    const bool old = now - s.connected >= limits.server_lifetime &&
                     now - room.last_lifetime_close >= apart;
    if (room.is_obsolete(s)) {
      close_server(s, ServerEnd::Obsolete, now, out);
    } else if (room.paused) {
      close_server(s, ServerEnd::Paused, now, out);
    } else if (room.is_oversized()) {
      close_server(s, ServerEnd::Oversized, now, out);
    } else if (old && limits.server_lifetime > Duration::zero()) {
      room.last_lifetime_close = now;
      close_server(s, ServerEnd::Lifetime, now, out);
    } else if (over(limits.server_idle_timeout, s.since, now) &&
               room.account().servers.value() > limits.min_pool_size) {
      close_server(s, ServerEnd::Idle, now, out);
    } else if (s.state == ServerState::Idle && !settings.server_check_query.empty() &&
               over(limits.server_check_delay, s.since, now)) {
      const Instant idle_since = s.since;
      room.move(s, ServerState::Used, now);
      s.since = idle_since;
    }
  };
  room.servers(ServerState::Idle).for_each(look_at_idle);
  room.servers(ServerState::Used).for_each(look_at_idle);
  room.servers(ServerState::Login).for_each([&](pool::ServerSlot& slot) {
    if (!over(settings.server_connect_timeout, slot.connected, now)) return;
    ++tally_.timeouts[Timeout::ServerConnect];
    login_failed(static_cast<Server&>(slot), "connect timeout", "08006", now, out);
  });
  room.servers(ServerState::Tested).for_each([&](pool::ServerSlot& slot) {
    if (!over(settings.cancel_wait_timeout, slot.since, now)) return;
    ++tally_.timeouts[Timeout::CancelWait];
    close_server(static_cast<Server&>(slot), ServerEnd::ClientLeft, now, out);
  });
  cancel_timeouts(room, now, out);
}

// A cancel that PostgreSQL does not take: its target's fate is not known, so it is closed too.
void Engine::cancel_timeouts(Room& room, Instant now, Effects& out) {
  room.servers(ServerState::Cancel).for_each([&](pool::ServerSlot& slot) {
    Server& carrier = static_cast<Server&>(slot);
    if (!over(config_->settings.cancel_wait_timeout, carrier.connected, now)) return;
    ++tally_.timeouts[Timeout::CancelWait];
    if (Server* target = server(carrier.cancel_target)) target->doubtful = true;
    cancel_over(carrier, now, out);
  });
}

}  // namespace weir::session

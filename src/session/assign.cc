// Which server serves which client: granting, making the server's settings the client's, finding
// out what a flagged statement left behind, and passing a free server on.
#include <fmt/format.h>

#include "base/check.h"
#include "session/engine.h"
#include "wire/message.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

// Nothing is outstanding, no message is half-sent, and the server is outside a transaction.
bool releasable(const Server& s) {
  if (!s.requests.empty() || s.status != 'I' || s.unsynced || s.copy_in ||
      !s.framer.at_boundary())
    return false;
  const Client* c = s.client;
  if (c != nullptr && s.unread) return false;
  return c == nullptr || !c->forwarding || c->framer.streaming() == 0;
}

}  // namespace

// True when the client has a server now; else it waits, or it has been refused.
bool Engine::acquire(Client& c, Instant now, Effects& out) {
  Room& room = room_of(c);
  if (ending_ && c.phase == ClientPhase::Ready) {
    refuse(c, Fault::ServerShuttingDown, "", now, out);
    return false;
  }
  if (pool::ServerSlot* idle = room.available()) {
    grant(c, static_cast<Server&>(*idle), now, out);
    return true;
  }
  if (room.is_down() && c.phase == ClientPhase::Ready) {
    if (room.refuses(now)) {
      refuse_failing(c, now, out);
      return false;
    }
    room.probe_now();
  }
  if (c.state != ClientState::Waiting) room.move(c, ClientState::Waiting, now);
  want_servers(room, now, out);
  return c.server != nullptr;
}

void Engine::grant(Client& c, Server& s, Instant now, Effects& out) {
  Room& room = room_of(c);
  ASSERT(s.client == nullptr && c.server == nullptr && s.requests.empty());
  room.count_assignment(c.state == ClientState::Waiting ? now - c.since : Duration());
  room.move(c, ClientState::Active, now);
  room.move(s, ServerState::Active, now);
  c.server = &s;
  s.client = &c;
  s.unread = true;
  s.xact_start = now;
  s.last_ready = now;
  s.said_fatal = false;
  s.querying = false;
  s.stall = {};
  if (!(s.settings == c.settings && s.base == room.base))
    apply_settings(s, c.settings, now, out);
  if (c.phase == ClientPhase::Lookup) auth_query_.ask(s, now, out);
}

void Engine::apply_settings(Server& s, const SettingsRef& wanted, Instant now, Effects& out) {
  const SettingsRef to = combine(s.base, wanted);
  const std::string sql = transition_sql(*s.settings, *to);
  if (sql.empty()) {  // equal values in sets of different ancestry
    s.settings = to;
    return;
  }
  ++tally_.settings[stats::Replay::Applied];
  s.applying = to;
  // What no server has accepted yet may fail, and who the session is must not be in doubt.
  s.held = !wanted->accepted || to->identity || s.settings->identity;
  pooler_query(s, Request::Kind::Apply, sql, now, out);
}

void Engine::pooler_query(Server& s, Request::Kind kind, std::string_view sql, Instant now,
                          Effects& out) {
  s.pooler_error = false;
  s.unnamed_owner = {};  // a simple Query ends the unnamed statement
  wire::append_query(scratch_, sql);
  out.send(s.id, scratch_);
  scratch_.clear();
  push(s, {.kind = kind, .whose = Request::For::Pooler}, now);
}

void Engine::finish_pooler_query(Server& s, Request::Kind kind, Instant now, Effects& out) {
  if (kind == Request::Kind::Apply) {
    finish_apply(s, now, out);
  } else if (kind == Request::Kind::Inquire) {
    finish_inquiry(s, out);
  } else if (kind == Request::Kind::Lookup) {
    auth_query_.answered(s, now, out);
  } else if (s.pooler_error) {
    close_server(s, ServerEnd::CheckFailed, now, out);
  }
}

void Engine::finish_apply(Server& s, Instant now, Effects& out) {
  const bool held = s.held;
  s.held = false;
  if (s.pooler_error) {
    const std::string message = s.pooler_message;
    const std::string sqlstate = s.pooler_sqlstate;
    Client* c = s.client;
    if (c != nullptr) {
      unlink(s);
      refuse_report(*c, ClientEnd::NoServer,
                    {.severity = "FATAL", .sqlstate = sqlstate, .message = message}, now, out);
    }
    close_server(s, ServerEnd::SettingsRefused, now, out);
    return;
  }
  s.settings = s.applying;
  s.applying = SettingsRef();
  if (s.client == nullptr) return;
  const bool news = !s.client->settings->accepted;
  note_accepted(s, s.client->settings);
  if (s.client->phase == ClientPhase::Welcome) {
    Client& c = *s.client;
    if (news) {
      room_of(s).remember(c.settings);
      tell_others(room_of(s), *c.settings, out);
    }
    unlink(s);
    welcome(c, now, out);
    free_server(s, now, out);
  } else if (held) {
    out.read(s.client->id);
  }
}

// A client with these settings needs nothing but what this server has reported.
void Engine::note_accepted(Server& s, const SettingsRef& wanted) {
  if (!(combine(s.base, wanted) == s.settings)) return;
  wanted->accepted = true;
  wanted->reported = s.reported;
}

// Asks which settings are in force, since a statement may have changed them.
// What the client sends meanwhile waits: it may need settings that the server has lost.
void Engine::inquire(Server& s, Instant now, Effects& out) {
  ++tally_.settings[stats::Replay::Asked];
  s.settings_touched = false;
  s.held = s.client != nullptr;
  s.answer.clear();
  for (const auto& [name, value] : s.settings->values)
    if (name.find('.') != std::string::npos) s.custom_names.push_back(name);
  pooler_query(s, Request::Kind::Inquire, inquiry_sql(room_of(s).user(), s.custom_names), now, out);
  s.custom_names.clear();  // what is set from now on is for the next time
}

void Engine::finish_inquiry(Server& s, Effects& out) {
  if (s.held) out.read(s.client->id);
  s.held = false;
  if (s.pooler_error) {
    s.doubtful = s.settings_touched = true;
    return;
  }
  Room& room = room_of(s);
  s.settings = room.settings.intern(s.answer);
  note_accepted(s, s.settings);
  if (Client* c = s.client) {
    c->settings = room.settings.intern(
        overlay(c->startup->values, beyond(*s.base, *c->startup, s.answer)));
    note_accepted(s, c->settings);
  }
  s.answer.clear();
}

void Engine::after_traffic(Server& s, Instant now, Effects& out) {
  if (s.phase != ServerPhase::Ready) return;
  if (s.rescue != Rescue::None) {
    continue_rescue(s, now, out);
    return;
  }
  if (s.state == ServerState::Idle || s.state == ServerState::Used ||
      s.state == ServerState::BeingCanceled) {
    if (s.doubtful || !s.framer.at_boundary()) close_server(s, ServerEnd::Unclear, now, out);
    return;
  }
  const bool kept = s.client != nullptr &&
                    (room_of(s).limits().mode == pool::Mode::Session || s.is_kept());
  if (s.requests.empty() && s.status == 'I' && !s.unsynced &&
      (s.doubtful || (!kept && !s.framer.at_boundary()))) {  // it has said what nobody asked
    // Nor does it go on without its server where nobody knows what settings it has now.
    if (kept || (s.client != nullptr && s.settings_touched))
      return lose_server(s, Fault::ServerCrashed, "", now, out);
    unlink(s);
    close_server(s, ServerEnd::Unclear, now, out);
    return;
  }
  if (!releasable(s)) return;
  if (s.client == nullptr) {  // Tested
    free_server(s, now, out);
    return;
  }
  if (room_of(s).limits().mode == pool::Mode::Session || s.is_kept()) return;
  if (s.settings_touched && !s.doubtful) {
    // A cancel on its way must hit the client's query or nothing.
    if (s.cancels == 0) inquire(s, now, out);
    return;
  }
  release(s, now, out);
}

void Engine::unlink(Server& s) {
  Client* c = s.client;
  if (c == nullptr) return;
  c->server = nullptr;
  c->copying = false;
  s.client = nullptr;
  s.restoring_sql.clear();
  room_of(s).move(*c, ClientState::Idle, s.last_ready);
}

void Engine::release(Server& s, Instant now, Effects& out) {
  s.last_ready = now;
  unlink(s);
  if (reset_query(*config_, room_of(s)).empty()) {
    free_server(s, now, out);
    return;
  }
  s.rescue = Rescue::Draining;
  room_of(s).move(s, ServerState::Tested, now);
  continue_rescue(s, now, out);
}

// A server whose state is known and that nobody has.
void Engine::free_server(Server& s, Instant now, Effects& out) {
  Room& room = room_of(s);
  const Duration lifetime = room.limits().server_lifetime;
  if (s.doubtful) return close_server(s, ServerEnd::Unclear, now, out);
  if (now - s.connected >= lifetime)
    return close_server(s, ServerEnd::Lifetime, now, out);
  if (room.is_obsolete(s))
    return close_server(s, ServerEnd::Obsolete, now, out);
  if (room.paused) return close_server(s, ServerEnd::Paused, now, out);
  if (room.is_oversized()) return close_server(s, ServerEnd::Oversized, now, out);
  if (s.cancels > 0) {
    room.move(s, ServerState::BeingCanceled, now);
    return;
  }
  serve(room, s, now, out);
}

// Hands a free server to who has waited longest.
void Engine::serve(Room& room, Server& s, Instant now, Effects& out) {
  pool::Pool::Next next = room.next_for_free_server();
  for (; next.client != nullptr; next = room.next_for_free_server()) {
    Client& c = static_cast<Client&>(*next.client);
    if (c.phase == ClientPhase::Welcome && combine(s.base, c.settings) == s.settings) {
      note_accepted(s, c.settings);  // the server has already said what it needs to know
      room.move(c, ClientState::Idle, now);
      welcome(c, now, out);
      continue;
    }
    grant(c, s, now, out);
    if (!c.logs_in()) out.read(c.id);
    return;
  }
  if (next.worker) {
    hand_over(s, *next.worker, now, out);
    return;
  }
  if (s.state != ServerState::Idle) room.move(s, ServerState::Idle, now);
  if (room.limits().server_check_delay == Duration::zero() &&
      !config_->settings.server_check_query.empty())
    room.move(s, ServerState::Used, now);
}

// Gets servers on their way for those who wait, or for min_pool_size.
void Engine::want_servers(Room& room, Instant now, Effects& out) {
  while (pool::ServerSlot* used = room.checkable())
    check_then_serve(static_cast<Server&>(*used), now, out);
  for (int opened = 0; opened < 64; ++opened) {
    const auto opening = room.try_open(now);
    if (opening == pool::Pool::Opening::Open || opening == pool::Pool::Opening::OpenReserve) {
      if (opening == pool::Pool::Opening::OpenReserve)
        out.log({.level = LogLevel::Log, .text = "taking connection from reserve_pool"});
      open_server(room, now, out);
      continue;
    }
    if (opening != pool::Pool::Opening::No && !room.clients(ClientState::Waiting).empty())
      evict(room, opening, now, out);
    break;
  }
  // Also while one is being opened: an idle one comes sooner.
  if (!room.clients(ClientState::Waiting).empty()) ask_elsewhere(room, out);
}

// Another worker may have a server that nobody there needs.
void Engine::ask_elsewhere(Room& room, Effects& out) {
  if (const auto worker = room.idle_elsewhere())
    out.post(*worker, {.kind = Letter::Kind::WantServer, .from = worker_,
                       .database = room.database(), .user = room.user()});
}

void Engine::check_then_serve(Server& s, Instant now, Effects& out) {
  Room& room = room_of(s);
  const std::string& query = config_->settings.server_check_query;
  room.move(s, ServerState::Tested, now);
  pooler_query(s, Request::Kind::Check, query == "<empty>" ? "" : query, now, out);
}

// A limit over several pools is reached: an idle server of another pool makes way.
void Engine::evict(Room& room, pool::Pool::Opening why, Instant now, Effects& out) {
  const bool by_database = why == pool::Pool::Opening::DatabaseFull;
  const std::string database = by_database ? room.database() : "";
  const std::string user = by_database ? "" : room.user();
  if (evict_here(database, user, &room, now, out)) return;
  for (unsigned w = 0; w < ledger_.workers(); ++w)
    if (w != worker_)
      out.post(w, {.kind = Letter::Kind::Evict, .from = worker_, .database = database,
                   .user = user});
}

// Closes the server of that database, or else user, that has been idle longest, outside `except`.
bool Engine::evict_here(std::string_view database, std::string_view user, const Room* except,
                        Instant now, Effects& out) {
  pool::ServerSlot* oldest = nullptr;
  for (auto& [key, room] : rooms_) {
    if (room.get() == except || (!database.empty() && room->database() != database) ||
        (!user.empty() && room->user() != user) || !room->clients(ClientState::Waiting).empty())
      continue;
    for (const ServerState state : {ServerState::Idle, ServerState::Used})
      room->servers(state).for_each([&oldest](pool::ServerSlot& s) {
        if (oldest == nullptr || s.since < oldest->since) oldest = &s;
      });
  }
  if (oldest == nullptr) return false;
  close_server(
      static_cast<Server&>(*oldest), ServerEnd::Evicted, now, out,
      user.empty() ? "evicted for max_db_connections" : "evicted for max_user_connections");
  return true;
}

}  // namespace weir::session

// Clients and servers that go. A client that leaves in the middle has its query cancelled and its
// transaction rolled back, and the server stays if its state is then known for certain.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/engine.h"
#include "session/name_counts.h"
#include "wire/message.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

// Whether nothing of a session outlives the query. What any other leaves is what a session begins
// with in session mode; else the server is asked.
bool discards_all(std::string_view query) {
  constexpr std::string_view kDiscard = "discard all";
  return std::ranges::equal(query, kDiscard,
                            [](char a, char b) { return a == b || a == b - 'a' + 'A'; });
}

}  // namespace

void Engine::client_closed(ClientId id, std::string_view reason, Instant now, Effects& out) {
  if (Client* c = client(id)) {
    const bool asked = c->phase == ClientPhase::Cancel;
    drop_client(*c, asked ? ClientEnd::CancelRequest : ClientEnd::Vanished, reason, now, out);
  }
}

void Engine::drop_client(Client& c, ClientEnd why, std::string_view text, Instant now,
                         Effects& out) {
  ++tally_.client_ends[why];
  if (c.phase != ClientPhase::Cancel && config_->settings.log_disconnections)
    log(c, out, LogLevel::Log, closing_text(text, c.connected, now));
  out.close(c.id);
  Server* s = c.server;
  const bool half_sent = s != nullptr && c.forwarding && c.framer.streaming() > 0;
  Room* room = c.pool != nullptr ? &room_of(c) : nullptr;
  const ClientId id = c.id;
  const std::string lookup = c.phase == ClientPhase::Lookup ? c.login->lookup : "";
  if (s != nullptr) {
    c.server = nullptr;
    s->client = nullptr;
  }
  forget_client(c);
  if (s != nullptr) leave_server(*s, half_sent, now, out);
  if (!lookup.empty()) auth_query_.left(id, lookup, now, out);
  if (room != nullptr && room->paused) check_paused(now, out);
}

namespace {

// Nothing can be said to a client in the middle of a message from its server, nor after the
// server's own last words.
bool is_past_telling(const Client& c) {
  return c.server != nullptr &&
         (c.server->said_fatal || (c.server->forwarding && c.server->framer.streaming() > 0));
}

}  // namespace

void Engine::refuse(Client& c, Fault fault, std::string_view text, Instant now, Effects& out) {
  const std::string message = fault_text(fault, text);
  if (const auto missed = timeout_of(fault)) ++tally_.timeouts[*missed];
  if (is_past_telling(c)) return drop_client(c, end_of(fault), message, now, out);
  refuse_report(c, end_of(fault), fatal_report(fault, message, config_->weir.strict), now, out);
}

void Engine::refuse_report(Client& c, ClientEnd why, const wire::Report& report, Instant now,
                           Effects& out) {
  tally_.pooler_errors.count(report.sqlstate);
  wire::append_error(scratch_, report);
  out.send(c.id, scratch_);
  scratch_.clear();
  if (config_->settings.log_pooler_errors)
    log(c, out, LogLevel::Warning, fmt::format("pooler error: {}", report.message));
  const std::string reason(report.message);
  drop_client(c, why, reason, now, out);
}

void Engine::refuse_failing(Client& c, Instant now, Effects& out) {
  Room& room = room_of(c);
  refuse(c, Fault::ServerLoginFailing,
         fmt::format("server login has been failing, cached error: {} (server_login_retry)",
                     room.failure()), now, out);
}

// The client of this server is gone.
void Engine::leave_server(Server& s, bool half_sent, Instant now, Effects& out) {
  Room& room = room_of(s);
  const bool session = room.limits().mode == pool::Mode::Session;
  if (half_sent) {
    close_server(s, ServerEnd::HalfSent, now, out);
    return;
  }
  if (s.replicates != Replicates::No) {
    close_server(s, ServerEnd::Replication, now, out);
    return;
  }
  s.held = false;
  s.stall.end(now);
  s.batch.clear();
  out.read(s.id);  // it may not have been read for the sake of its client
  s.rescue = Rescue::Draining;
  room.move(s, ServerState::Tested, now);
  if (s.has_own_request() && !(session && s.requests.size() == 1 && s.copy_in))
    start_cancel(s, {}, -1, now, out);
  s.doubtful |= s.pinned_at != 0;  // what it holds goes with it
  continue_rescue(s, now, out);
}

// Ends the COPY and the batch that the client has left open, also those that the server begins only
// now: a COPY waits for data that nobody will send, and after an error it skips to a Sync.
void Engine::end_open_work(Server& s, Instant now, Effects& out) {
  if (s.copy_in) {
    wire::Writer(scratch_, wire::fe::kCopyFail).cstr("client disconnected");
    push(s, {.kind = Request::Kind::CopyEnd, .whose = Request::For::Pooler}, now);
  }
  if (s.unsynced || s.skipping) {
    wire::append_empty(scratch_, wire::fe::kSync);
    push(s, {.kind = Request::Kind::Sync, .whose = Request::For::Pooler}, now);
  }
  s.copy_in = s.unsynced = s.skipping = false;
  if (!scratch_.empty()) out.send(s.id, scratch_);
  scratch_.clear();
}

void Engine::continue_rescue(Server& s, Instant now, Effects& out) {
  if (s.doubtful) {
    close_server(s, ServerEnd::ClientLeft, now, out);
    return;
  }
  end_open_work(s, now, out);
  if (!s.requests.empty() || !s.framer.at_boundary()) return;
  // A late cancel must not hit what follows.
  if (s.cancels > 0) return;
  if (s.status != 'I') {
    s.rescue = Rescue::RollingBack;
    pooler_query(s, Request::Kind::Check, "ROLLBACK", now, out);
    return;
  }
  const std::string_view reset = reset_query(*config_, room_of(s));
  if (!reset.empty() && s.rescue != Rescue::Resetting) {
    s.rescue = Rescue::Resetting;
    const bool session = room_of(s).limits().mode == pool::Mode::Session;
    s.settings_touched = !session && !discards_all(reset);
    if (!s.settings_touched) s.settings = room_of(s).base;
    pooler_query(s, Request::Kind::Check, reset, now, out);
    return;
  }
  if (s.settings_touched) {
    inquire(s, now, out);
    return;
  }
  s.rescue = Rescue::None;
  free_server(s, now, out);
}

void Engine::close_server(Server& s, ServerEnd why, Instant now, Effects& out,
                          std::string_view text) {
  ++tally_.server_ends[why];
  if (s.phase != ServerPhase::Canceling && config_->settings.log_disconnections)
    log(s, out, LogLevel::Log,
        closing_text(text.empty() ? text_of(why) : text, s.connected, now));
  if (s.phase == ServerPhase::Ready) {
    wire::append_empty(scratch_, wire::fe::kTerminate);
    out.send(s.id, scratch_);
    scratch_.clear();
  }
  out.close(s.id);
  Room& room = room_of(s);
  forget_server(s);
  if (room.paused) {
    check_paused(now, out);
  } else {
    want_servers(room, now, out);
  }
}

// A linked server is of no use any more: its client is told and goes with it.
void Engine::lose_server(Server& s, Fault fault, std::string_view text, Instant now,
                         Effects& out) {
  const ServerId id = s.id;
  Client* c = s.client;
  const std::string reason = fault_text(fault, text);
  if (c != nullptr && c->phase == ClientPhase::Lookup) {
    auth_query_.server_lost(s, reason, now, out);
  } else if (c != nullptr) {
    const bool told = is_past_telling(*c);
    c->server = nullptr;
    s.client = nullptr;
    if (told) {
      drop_client(*c, end_of(fault), reason, now, out);
    } else {
      refuse(*c, fault, text, now, out);
    }
  }
  if (server(id) == nullptr) return;
  close_server(s, fault == Fault::ServerCrashed ? ServerEnd::Lost : ServerEnd::ClientLeft, now, out,
               reason);
}

void Engine::server_closed(ServerId id, std::string_view reason, Instant now, Effects& out) {
  Server* s = server(id);
  if (s == nullptr) return;
  if (s->phase == ServerPhase::Canceling) {
    cancel_over(*s, now, out);
  } else if (s->phase != ServerPhase::Ready) {
    login_failed(*s, std::string(reason), "08006", now, out);
  } else {
    s->phase = ServerPhase::Connecting;  // nothing more can be sent to it
    lose_server(*s, Fault::ServerCrashed, "", now, out);
  }
}

void Engine::forget_client(Client& c) {
  if (c.pool != nullptr) {
    room_of(c).move(c, ClientState::Gone, c.since);
  } else if (arriving_.contains(c)) {
    arriving_.remove(c);
  } else if (consoles_.contains(c)) {
    consoles_.remove(c);
  }
  if (c.counted) ledger_.clients.give();
  if (c.database_account != nullptr) c.database_account->clients.give();
  if (c.user_account != nullptr) c.user_account->clients.give();
  if (c.cancel_key != 0) cancel_keys_.erase(c.cancel_key);
  if (c.login_user != nullptr) give_name(names_, *c.login_user);
  c.startup = c.settings = SettingsRef();
  clients_.erase(c.id);
}

void Engine::forget_server(Server& s) {
  Room& room = room_of(s);
  const bool counted = s.phase != ServerPhase::Canceling && !s.place_taken;
  s.base = s.settings = s.applying = SettingsRef();
  room.move(s, ServerState::Gone, s.since);
  if (counted) room.give_back();
  servers_.erase(s.id);
}

}  // namespace weir::session

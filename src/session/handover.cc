// Letters of other workers, and server connections that move between workers.
#include "base/check.h"
#include "session/engine.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

// What a server says at login is worth a login's wait on every worker.
void Engine::tell_others(Room& room, const Settings& settings, Effects& out) {
  for (unsigned w = 0; w < ledger_.workers(); ++w) {
    if (w == worker_) continue;
    Letter letter{.kind = Letter::Kind::Welcome, .from = worker_, .database = room.database(),
                  .user = room.user()};
    letter.parcel.settings = settings.values;
    letter.parcel.reported = settings.reported;
    out.post(w, std::move(letter));
  }
}

void Engine::learn(const Letter& letter, Instant now, Effects& out) {
  if (config_->find_database(letter.database) == nullptr) return;
  Room& r = room(letter.database, letter.user);
  const SettingsRef settings = r.settings.intern(letter.parcel.settings);
  if (!settings->accepted && !(settings == r.base)) r.remember(settings);
  settings->accepted = true;
  settings->reported = letter.parcel.reported;
  r.clients(ClientState::Waiting).for_each([&](pool::ClientSlot& slot) {
    Client& c = static_cast<Client&>(slot);
    if (c.phase != ClientPhase::Welcome || !c.settings->accepted || !r.base->accepted) return;
    r.move(c, ClientState::Idle, now);
    welcome(c, now, out);
  });
}

// A free server goes to the worker whose client has waited longer than all of ours.
void Engine::hand_over(Server& s, unsigned worker, Instant now, Effects& out) {
  ++tally_.handovers[stats::HandOver::Given];
  Room& room = room_of(s);
  ASSERT(s.client == nullptr && s.requests.empty() && s.cancels == 0);
  room.account().desks[worker].incoming.fetch_add(1, std::memory_order_relaxed);
  Letter letter{.kind = Letter::Kind::Parcel, .from = worker_, .database = room.database(),
                .user = room.user()};
  letter.parcel = {.settings = s.settings->values, .base = s.base->values, .reported = s.reported,
                   .statements = s.statements.list(), .number = s.number, .pid = s.pid,
                   .cancel_key = s.cancel_key, .endpoint = s.endpoint, .connected = s.connected,
                   .close_needed = s.close_needed, .local_address = s.local_address,
                   .local_port = s.local_port, .tls = s.tls ? s.tls->description : "",
                   .epoch = s.epoch};
  letter.parcel.stale = s.stale;
  letter.parcel.unnamed = s.unnamed_owner.valid();
  out.hand_over(s.id, worker, std::move(letter));
  // The connection still counts: it goes on existing elsewhere.
  s.base = s.settings = s.applying = SettingsRef();
  room.move(s, ServerState::Gone, now);
  servers_.erase(s.id);
}

ServerId Engine::receive(const Letter& letter, Instant now, Effects& out) {
  if (config_->find_database(letter.database) == nullptr) {  // removed by a reload meanwhile
    pool::PoolAccount& account = ledger_.pool(letter.database, letter.user);
    account.desks[worker_].incoming.fetch_sub(1, std::memory_order_relaxed);
    pool::Ledger::give_server(account);
    return {};
  }
  Room& r = room(letter.database, letter.user);
  const ServerParcel& parcel = letter.parcel;
  r.account().desks[worker_].incoming.fetch_sub(1, std::memory_order_relaxed);
  ++tally_.handovers[stats::HandOver::Taken];
  Server& s = servers_.emplace();
  const ServerId id = s.id;
  s.number = parcel.number;
  s.phase = ServerPhase::Ready;
  s.base = r.settings.intern(parcel.base);
  s.settings = r.settings.intern(parcel.settings);
  s.reported = parcel.reported;
  note_accepted(s, s.settings);
  for (const std::uint64_t statement : parcel.statements) s.statements.add(statement, 0);
  s.stale = parcel.stale;
  s.pid = parcel.pid;
  s.cancel_key = parcel.cancel_key;
  s.endpoint = parcel.endpoint;
  s.connected = parcel.connected;
  s.close_needed = parcel.close_needed;
  s.local_address = parcel.local_address;
  s.local_port = parcel.local_port;
  if (!parcel.tls.empty()) {
    s.encryption = Encryption::Done;
    s.tls = std::make_unique<TlsFacts>(TlsFacts{.description = parcel.tls});
  }
  s.epoch = parcel.epoch;
  s.last_ready = now;
  if (parcel.unnamed) s.unnamed_owner = kStranger;
  r.move(s, ServerState::Idle, now);
  if (r.is_obsolete(s) || r.paused) {
    close_server(s, ServerEnd::Obsolete, now, out);
    return id;
  }
  serve(r, s, now, out);
  return id;
}

// Who asks us may have been overtaken: then whoever comes after us is asked, in the workers' order.
void Engine::server_wanted(const Letter& letter, Instant now, Effects& out) {
  Room* r = find_room(letter.database, letter.user);
  if (r != nullptr && r->paused) return;
  pool::ServerSlot* idle = r != nullptr ? r->servers(ServerState::Idle).back() : nullptr;
  if (idle != nullptr) return serve(*r, static_cast<Server&>(*idle), now, out);
  pool::ServerSlot* used = r != nullptr ? r->servers(ServerState::Used).front() : nullptr;
  if (used != nullptr && r->servers(ServerState::Tested).empty())
    return check_then_serve(static_cast<Server&>(*used), now, out);
  if (r == nullptr) return;
  if (const auto next = r->idle_elsewhere(worker_ + 1); next && *next != letter.from)
    out.post(*next, letter);
}

ServerId Engine::letter(const Letter& letter, Instant now, Effects& out) {
  switch (letter.kind) {
    case Letter::Kind::Parcel: return receive(letter, now, out);
    case Letter::Kind::Welcome: learn(letter, now, out); break;
    case Letter::Kind::WantServer: server_wanted(letter, now, out); break;
    case Letter::Kind::Evict:
      evict_here(letter.database, letter.user, nullptr, now, out);
      break;
    case Letter::Kind::GivePlace: replication_.give_place(letter, now, out); break;
    case Letter::Kind::Place: replication_.place_came(letter, now, out); break;
    case Letter::Kind::Cancel:
      if (!cancel_client({letter.cancel_key, letter.cancel_rest}, letter.client,
                         static_cast<int>(letter.from), now, out))
        peering_.in_vain(letter, now, out);
      break;
    case Letter::Kind::CancelDone:
      client_closed(letter.client, "cancel request done", now, out);
      break;
    case Letter::Kind::Pause:
    case Letter::Kind::Resume:
    case Letter::Kind::Reconnect:
    case Letter::Kind::Kill:
    case Letter::Kind::Shutdown:
    case Letter::Kind::Disable:
    case Letter::Kind::Enable:
    case Letter::Kind::WaitClose:
    case Letter::Kind::KillClient:
    case Letter::Kind::Done: control(letter, now, out); break;
  }
  return {};
}

}  // namespace weir::session

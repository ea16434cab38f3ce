// The console's commands, as they concern one worker: every worker gets each of them as a letter,
// and answers when it has done its part.
#include "session/engine.h"

namespace weir::session {

using pool::ClientState;
using pool::ServerState;

namespace {

Letter done(const Letter& asked, unsigned worker) {
  return {.kind = Letter::Kind::Done, .from = worker, .database = asked.database, .user = {},
          .client = asked.client, .token = asked.token};
}

}  // namespace

void Engine::control(const Letter& letter, Instant now, Effects& out) {
  switch (letter.kind) {
    case Letter::Kind::Pause: pause(letter, now, out); return;
    case Letter::Kind::Shutdown:
      shutting_down_ = true;
      if (letter.wait_for_clients) {
        pauses_.push_back(letter);
        check_paused(now, out);
      } else {
        ending_ = true;
        pause(letter, now, out);
        for (auto& [key, room] : rooms_)
          room->clients(ClientState::Waiting).for_each([&](pool::ClientSlot& c) {
            refuse(static_cast<Client&>(c), Fault::ServerShuttingDown, "", now, out);
          });
      }
      return;
    case Letter::Kind::Resume: resume(letter.database, now, out); break;
    case Letter::Kind::Reconnect:
      ++epoch_;
      reconnect(letter.database, now, out);
      break;
    case Letter::Kind::Kill: kill(letter.database, now, out); break;
    case Letter::Kind::Disable: disabled_.insert(letter.database); break;
    case Letter::Kind::Enable: disabled_.erase(letter.database); break;
    case Letter::Kind::WaitClose:
      pauses_.push_back(letter);
      check_paused(now, out);
      return;
    case Letter::Kind::KillClient: {
      Letter answer = done(letter, worker_);
      answer.found = kill_client(letter.client_number, now, out);
      out.post(letter.from, std::move(answer));
      return;
    }
    case Letter::Kind::WantServer: case Letter::Kind::Parcel: case Letter::Kind::Evict:
    case Letter::Kind::GivePlace: case Letter::Kind::Place:
    case Letter::Kind::Cancel: case Letter::Kind::CancelDone: case Letter::Kind::Welcome:
    case Letter::Kind::Done: return;
  }
  out.post(letter.from, done(letter, worker_));
}

void Engine::pause(const Letter& letter, Instant now, Effects& out) {
  if (letter.database.empty()) {
    all_paused_ = true;
  } else {
    paused_.insert(letter.database);
  }
  for (auto& [key, room] : rooms_) {
    if (!letter.database.empty() && room->database() != letter.database) continue;
    room->paused = true;
    for (const ServerState state : {ServerState::Idle, ServerState::Used})
      while (pool::ServerSlot* s = room->servers(state).front())
        close_server(static_cast<Server&>(*s), ServerEnd::Paused, now, out);
  }
  pauses_.push_back(letter);
  check_paused(now, out);
}

// Answers the commands that waited for something that has come about.
void Engine::check_paused(Instant, Effects& out) {
  std::erase_if(pauses_, [&](const Letter& letter) {
    const bool over = letter.kind == Letter::Kind::WaitClose ? nothing_to_close(letter.database)
                      : letter.wait_for_clients ? clients_.size() == consoles_.size()
                                                : is_quiet(letter.database);
    if (over) out.post(letter.from, done(letter, worker_));
    return over;
  });
}

bool Engine::is_quiet(std::string_view database) {
  for (auto& [key, room] : rooms_)
    if ((database.empty() || room->database() == database) && room->connections() > 0) return false;
  return true;
}

bool Engine::nothing_to_close(std::string_view database) {
  bool nothing = true;
  servers_.for_each([&](const Server& s) {
    if (database.empty() || s.pool->database() == database)
      nothing &= !static_cast<Room&>(*s.pool).is_obsolete(s);
  });
  return nothing;
}

bool Engine::kill_client(std::uint64_t number, Instant now, Effects& out) {
  Client* found = nullptr;
  clients_.for_each([&](Client& c) {
    if (c.number == number) found = &c;
  });
  if (found != nullptr) refuse(*found, Fault::AdminDisconnect, "", now, out);
  return found != nullptr;
}

void Engine::resume(std::string_view database, Instant now, Effects& out) {
  if (database.empty()) {
    all_paused_ = false;
  } else if (const auto it = paused_.find(database); it != paused_.end()) {
    paused_.erase(it);
  }
  for (auto& [key, room] : rooms_) {
    if (!database.empty() && room->database() != database) continue;
    room->paused = all_paused_ || paused_.contains(room->database());
    if (!room->paused) want_servers(*room, now, out);
  }
}

// Every connection that exists now is closed once it is free.
void Engine::reconnect(std::string_view database, Instant now, Effects& out) {
  for (auto& [key, room] : rooms_) {
    if (!database.empty() && room->database() != database) continue;
    room->epoch = epoch_;
    for (const ServerState state : {ServerState::Idle, ServerState::Used})
      while (pool::ServerSlot* s = room->servers(state).front())
        close_server(static_cast<Server&>(*s), ServerEnd::Obsolete, now, out);
  }
}

void Engine::kill(std::string_view database, Instant now, Effects& out) {
  for (auto& [key, room] : rooms_) {
    if (!database.empty() && room->database() != database) continue;
    room->paused = true;
    for (std::size_t state = 0; state < pool::kClientLists; ++state)
      while (pool::ClientSlot* c = room->clients(static_cast<ClientState>(state)).front())
        refuse(static_cast<Client&>(*c), Fault::DatabaseRemoved, "", now, out);
    for (std::size_t state = 0; state < pool::kServerLists; ++state)
      while (pool::ServerSlot* s = room->servers(static_cast<ServerState>(state)).front())
        close_server(static_cast<Server&>(*s), ServerEnd::Removed, now, out);
  }
  if (!database.empty()) {
    paused_.emplace(database);
    return;
  }
  // As in PgBouncer, each database that has a pool, on whatever worker, is resumed by its name.
  ledger_.for_each_pool(
      [this](const pool::PoolAccount& pool) { paused_.insert(pool.database.name); });
}

}  // namespace weir::session

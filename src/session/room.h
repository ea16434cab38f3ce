// A pool as one worker's sessions see it: the pool's part of that worker, and what its clients and
// servers share. Owned by the Engine.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "auth/secret.h"
#include "config/config.h"
#include "pool/pool.h"
#include "session/endings.h"
#include "session/server.h"
#include "session/settings.h"
#include "stats/applications.h"
#include "stats/timings.h"

namespace weir::session {

// A worker's part of one (database, user) pool and what its sessions share.
struct Room : pool::Pool {
  Room(pool::Ledger& ledger, pool::PoolAccount& account, unsigned worker)
      : Pool(ledger, account, worker), base(settings.intern({})) {}

  SettingsTable settings;
  SettingsRef base;                 // what a fresh server connection has in force
  const config::Database* entry = nullptr;  // of the current configuration
  std::deque<SettingsRef> known;    // of clients' startups: accepted by a server, here or elsewhere
  std::size_t next_host = 0;        // round-robin over the entry's hosts
  Duration query_timeout{}, idle_transaction_timeout{}, transaction_timeout{};
  Duration client_idle_timeout{};
  config::SessionState session_state = config::SessionState::Follow;
  std::optional<auth::Secret> secret;   // of a user whom auth_query has found, for the same
  std::optional<auth::ScramKeys> keys;  // of a client's login, to log in to the server with
  std::string clear_password;           // of a client's clear-text login
  std::uint64_t epoch = 0;          // of the last RECONNECT: servers opened before it are older
  Instant last_lifetime_close{};
  Instant last_used{};              // when it was last seen with a client or a server

  stats::Timings timings;

  // Counters and histograms of one thing are only written together.
  void count_assignment(Duration waited) {
    ++counters.server_assignment_count;
    counters.wait_time += static_cast<std::uint64_t>(waited.count());
    timings.record(stats::Timing::Wait, waited);
  }
  // `stalled`: the part of it in which the client did not take its answer.
  void count_query(Duration took, Duration stalled) {
    ++counters.query_count;
    counters.query_time += static_cast<std::uint64_t>(took.count());
    timings.record(stats::Timing::Query, took);
    timings.record(stats::Timing::Server, took - stalled);
    timings.record(stats::Timing::ClientRead, stalled);
  }
  void count_transaction(Duration took) {
    ++counters.xact_count;
    counters.xact_time += static_cast<std::uint64_t>(took.count());
    timings.record(stats::Timing::Transaction, took);
  }
  void count_login(Duration took) {
    ++counters.client_login_count;
    timings.record(stats::Timing::ClientLogin, took);
  }
  // Counters and histograms tell the same.
  void check_timings() const;

  // A client was welcomed with these: successors are told.
  void remember(const SettingsRef& accepted) {
    constexpr std::size_t kKnownMax = 64;
    known.push_back(accepted);
    if (known.size() > kKnownMax) known.pop_front();
  }

  // To be closed as soon as it is free.
  bool is_obsolete(const Server& s) const { return s.close_needed || s.epoch < epoch; }
};

// What cleans the room's servers when they are given back; empty: nothing.
inline std::string_view reset_query(const config::Config& config, const Room& room) {
  const bool resets = room.limits().mode == pool::Mode::Session ||
                      config.settings.server_reset_query_always;
  return resets ? std::string_view(config.settings.server_reset_query) : std::string_view();
}

}  // namespace weir::session

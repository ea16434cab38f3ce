// A pool as one worker's sessions see it: the pool's part of that worker, and what its clients and
// servers share. Owned by the Engine.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "auth/secret.h"
#include "config/config.h"
#include "pool/pool.h"
#include "session/settings.h"

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
  std::optional<auth::Secret> secret;   // of a user whom auth_query has found, for the same
  std::optional<auth::ScramKeys> keys;  // of a client's login, to log in to the server with
  std::string clear_password;           // of a client's clear-text login
  std::uint64_t epoch = 0;          // servers opened before a RECONNECT are older
  Instant last_lifetime_close{};
};

}  // namespace weir::session

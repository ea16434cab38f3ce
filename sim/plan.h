// What a seed makes of a run: the configuration, the people and the bad luck.
#pragma once

#include <memory>
#include <string>

#include "cluster.h"
#include "config/config.h"
#include "network.h"
#include "script.h"
#include "world.h"

namespace weir::sim {

struct Plan {
  explicit Plan(Prng& random);

  // Of process `number` of the group.
  std::shared_ptr<config::Config> config(int number = 0) const;
  std::string text() const;
  // What connect_query sets.
  wire::Parameters base() const;

  config::PoolMode mode = config::PoolMode::Transaction;
  unsigned workers = 1;
  int clients = 2;         // at once
  int sessions = 4;        // over the whole run
  int steps = 10;          // of a session
  int databases = 1;
  int users = 1;
  int pool_size = 1;
  int min_pool_size = 0;
  int reserve_pool_size = 0;
  int max_db_connections = 0;
  int max_user_connections = 0;
  int max_prepared_statements = 200;
  bool round_robin = false;
  bool check_always = false;
  auth::AuthType auth_type = auth::AuthType::Trust;
  bool connect_query = false;
  bool auth_query = false;         // nobody but its asker is in the list of users
  Duration auth_query_cache_ttl{};
  Duration server_lifetime = std::chrono::hours{1};
  Duration server_idle_timeout = std::chrono::seconds{600};
  Duration query_timeout{};
  int tick_ms = 50;

  bool faults = false;     // connections may be lost
  bool commands = false;   // PAUSE, RESUME, RECONNECT, KILL, reloads
  Weather weather;
  Trouble trouble;
  ScriptRules rules;
  int slow_reader_percent = 0;
  int read_size_max = 16 * 1024;
  int letter_delay_us_max = 200;
  int full_mailbox_percent = 0;  // of the letters between workers come late and out of order
  int peers = 0;                 // other processes of the group, which get cancel requests, too
  bool takeover = false;         // another process takes over in the middle
  unsigned successor_workers = 1;
  int replicating_percent = 0;   // of the clients
};

}  // namespace weir::sim

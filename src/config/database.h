// The entries of [databases], [users] and [peers] as they were written.
// An absent optional means "as in [pgbouncer]"; Config's lookups resolve the priorities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/settings.h"

namespace weir::config {

struct Database {
  std::string name;                // what clients ask for; "*" for the fallback
  std::string dbname;              // on the server; empty only in a fallback: the requested name
  std::vector<std::string> hosts;  // empty: the Unix socket in unix_socket_dir
  std::uint16_t port = 5432;

  std::optional<std::string> user;  // forced: every client uses this server user
  std::optional<std::string> password;
  std::optional<std::string> connect_query;
  std::optional<std::string> auth_user;
  std::optional<std::string> auth_query;
  std::optional<std::string> auth_dbname;

  // Put in the server's startup packet.
  std::optional<std::string> client_encoding;
  std::optional<std::string> datestyle;
  std::optional<std::string> timezone;
  std::optional<std::string> application_name;

  std::optional<int> pool_size;
  std::optional<int> min_pool_size;
  std::optional<int> reserve_pool_size;
  std::optional<int> max_db_connections;
  std::optional<int> max_db_client_connections;
  std::optional<PoolMode> pool_mode;
  std::optional<Duration> server_lifetime;
  std::optional<Duration> query_wait_timeout;
  std::optional<LoadBalanceHosts> load_balance_hosts;
  std::optional<SessionState> session_state;

  bool operator==(const Database&) const = default;
};

struct User {
  std::string name;
  std::optional<PoolMode> pool_mode;
  std::optional<int> pool_size;
  std::optional<int> reserve_pool_size;
  std::optional<int> max_user_connections;
  std::optional<int> max_user_client_connections;
  std::optional<Duration> query_timeout;
  std::optional<Duration> query_wait_timeout;
  std::optional<Duration> idle_transaction_timeout;
  std::optional<Duration> transaction_timeout;
  std::optional<Duration> client_idle_timeout;

  bool operator==(const User&) const = default;
};

struct Peer {
  int id = 0;
  std::vector<std::string> hosts;
  std::uint16_t port = 6432;
  std::optional<int> pool_size;

  bool operator==(const Peer&) const = default;
};

}  // namespace weir::config

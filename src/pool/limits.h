// What the configuration says about one pool, resolved: user before database before global.
#pragma once

#include <string_view>

#include "base/time.h"

namespace weir::pool {

// PgBouncer's three pool modes.
enum class Mode : std::uint8_t { Session, Transaction, Statement };

constexpr std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::Session: return "session";
    case Mode::Transaction: return "transaction";
    case Mode::Statement: return "statement";
  }
  return {};
}

// Counts of 0 mean "no limit" where PgBouncer says so; durations of 0 mean "never".
struct Limits {
  Mode mode = Mode::Session;
  int pool_size = 20;
  int min_pool_size = 0;
  int reserve_pool_size = 0;
  int max_db_connections = 0;
  int max_user_connections = 0;
  bool keeps_minimum = false;  // min_pool_size holds even without clients
  bool round_robin = false;
  Duration reserve_pool_timeout{};
  Duration server_lifetime{};
  Duration server_idle_timeout{};
  Duration server_check_delay{};
  Duration query_wait_timeout{};
  Duration login_retry{};  // between attempts after a failure; 0: soon, and more slowly each time
};

}  // namespace weir::pool

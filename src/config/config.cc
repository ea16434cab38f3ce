#include "config/config.h"

#include <algorithm>

namespace weir::config {

namespace {

// PostgreSQL's names are no longer: a fallback serves none that is.
constexpr std::size_t kDatabaseNameMost = 63;

// The first that is set, else what [pgbouncer] says.
template <typename T>
T first_of(const std::optional<T>& a, const std::optional<T>& b, T otherwise) {
  return a ? *a : b.value_or(otherwise);
}

template <typename T>
std::optional<T> of_user(const User* user, std::optional<T> User::*field) {
  return user == nullptr ? std::nullopt : user->*field;
}

}  // namespace

const Database* Config::find_database(std::string_view name) const {
  const auto at = databases.find(name);
  if (at != databases.end()) return &at->second;
  return fallback && name.size() <= kDatabaseNameMost ? &*fallback : nullptr;
}

const User* Config::find_user(std::string_view name) const {
  const auto at = users.find(name);
  return at == users.end() ? nullptr : &at->second;
}

PoolMode Config::pool_mode(const Database& db, std::string_view user) const {
  return first_of(of_user(find_user(user), &User::pool_mode), db.pool_mode, settings.pool_mode);
}

int Config::pool_size(const Database& db, std::string_view user) const {
  return first_of(of_user(find_user(user), &User::pool_size), db.pool_size,
                  settings.default_pool_size);
}

int Config::reserve_pool_size(const Database& db, std::string_view user) const {
  return first_of(of_user(find_user(user), &User::reserve_pool_size), db.reserve_pool_size,
                  settings.reserve_pool_size);
}

int Config::min_pool_size(const Database& db, std::string_view user) const {
  return std::min(db.min_pool_size.value_or(settings.min_pool_size), pool_size(db, user));
}

Duration Config::query_wait_timeout(const Database& db, std::string_view user) const {
  return first_of(of_user(find_user(user), &User::query_wait_timeout), db.query_wait_timeout,
                  settings.query_wait_timeout);
}

SessionState Config::session_state(const Database& db) const {
  return weir.strict ? SessionState::Pgbouncer : db.session_state.value_or(weir.session_state);
}

int Config::max_db_connections(const Database& db) const {
  return db.max_db_connections.value_or(settings.max_db_connections);
}

int Config::max_db_client_connections(const Database& db) const {
  return db.max_db_client_connections.value_or(settings.max_db_client_connections);
}

Duration Config::server_lifetime(const Database& db) const {
  return db.server_lifetime.value_or(settings.server_lifetime);
}

int Config::max_user_connections(std::string_view user) const {
  return of_user(find_user(user), &User::max_user_connections)
      .value_or(settings.max_user_connections);
}

int Config::max_user_client_connections(std::string_view user) const {
  return of_user(find_user(user), &User::max_user_client_connections)
      .value_or(settings.max_user_client_connections);
}

Duration Config::query_timeout(std::string_view user) const {
  return of_user(find_user(user), &User::query_timeout).value_or(settings.query_timeout);
}

Duration Config::idle_transaction_timeout(std::string_view user) const {
  return of_user(find_user(user), &User::idle_transaction_timeout)
      .value_or(settings.idle_transaction_timeout);
}

Duration Config::transaction_timeout(std::string_view user) const {
  return of_user(find_user(user), &User::transaction_timeout)
      .value_or(settings.transaction_timeout);
}

Duration Config::client_idle_timeout(std::string_view user) const {
  return of_user(find_user(user), &User::client_idle_timeout)
      .value_or(settings.client_idle_timeout);
}

bool Config::is_admin(std::string_view user) const {
  return std::ranges::find(settings.admin_users, user) != settings.admin_users.end();
}

bool Config::is_stats(std::string_view user) const {
  return settings.auth_type == auth::AuthType::Any ||
         std::ranges::find(settings.stats_users, user) != settings.stats_users.end();
}

}  // namespace weir::config

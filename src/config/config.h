// A whole configuration: what the files said, and the lookups that resolve its priorities.
// Immutable once loaded; shared by all threads as std::shared_ptr<const Config>.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/hba.h"
#include "auth/ident.h"
#include "auth/ldap_options.h"
#include "auth/user_list.h"
#include "config/database.h"
#include "config/settings.h"

namespace weir::config {

struct Config {
  Settings settings;
  WeirSettings weir;
  std::map<std::string, Database, std::less<>> databases;
  std::optional<Database> fallback;  // the entry '*'
  std::map<std::string, User, std::less<>> users;
  std::map<int, Peer> peers;
  auth::UserList auth_users;
  auth::HbaRules hba;
  auth::IdentMaps ident;
  std::optional<auth::LdapOptions> ldap;  // of auth_ldap_options, where they are right

  // The entry of that name, else the fallback, else nullptr. The pointer lives as long as the
  // Config. A fallback serves any number of names: whoever keeps it keeps the requested name
  // beside it, and asks server_dbname() for the name on the server.
  const Database* find_database(std::string_view name) const;
  const User* find_user(std::string_view name) const;
  static std::string_view server_dbname(const Database& db, std::string_view requested) {
    return db.dbname.empty() ? requested : std::string_view{db.dbname};
  }

  // `user` is the server user of the pool: the forced one where there is one.
  // Priority: user, database, [pgbouncer].
  PoolMode pool_mode(const Database& db, std::string_view user) const;
  int pool_size(const Database& db, std::string_view user) const;
  int reserve_pool_size(const Database& db, std::string_view user) const;
  int min_pool_size(const Database& db, std::string_view user) const;  // never above pool_size
  Duration query_wait_timeout(const Database& db, std::string_view user) const;

  SessionState session_state(const Database& db) const;

  // 0: no HTTP. PgBouncer has none, so under `strict` it has to be asked for.
  std::uint16_t http_port() const {
    return weir.strict && !weir.http_port_is_set ? std::uint16_t{0} : weir.http_port;
  }

  // Zero means no limit in all of the following, except server_lifetime: use once.
  int max_db_connections(const Database& db) const;
  int max_db_client_connections(const Database& db) const;
  Duration server_lifetime(const Database& db) const;

  int max_user_connections(std::string_view user) const;
  int max_user_client_connections(std::string_view user) const;
  Duration query_timeout(std::string_view user) const;
  Duration idle_transaction_timeout(std::string_view user) const;
  Duration transaction_timeout(std::string_view user) const;
  Duration client_idle_timeout(std::string_view user) const;

  // auth_type=any makes everybody an administrator.
  bool is_admin(std::string_view user) const;
  bool is_stats(std::string_view user) const;
};

}  // namespace weir::config

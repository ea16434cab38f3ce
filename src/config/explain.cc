#include "config/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "config/options.h"
#include "config/value.h"

namespace weir::config {

namespace {

// PostgreSQL's defaults: max_connections, less superuser_reserved_connections.
constexpr std::uint64_t kUsualConnections = 97;

std::string written(std::string_view key, const Settings& settings) {
  const Option* option = find_option(Section::Main, key);
  return format_value(*option, option->get(&settings));
}

std::string mode_of(PoolMode mode) {
  return std::string(find_option(Section::Main, "pool_mode")->choices[static_cast<unsigned>(mode)]);
}

// Where an entry's connections go.
std::string server_of(const Config& config, const Database& db) {
  if (db.hosts.empty())
    return fmt::format("{}/.s.PGSQL.{}", config.settings.unix_socket_dir, db.port);
  return fmt::format("{}:{}", fmt::join(db.hosts, ","), db.port);
}

std::uint64_t positive(int number) { return static_cast<std::uint64_t>(std::max(number, 0)); }

// Server connections of one entry if every user of the list works in it.
std::uint64_t connections_of(const Config& config, const Database& db) {
  const auto of_user = [&](std::string_view user) {
    return positive(config.pool_size(db, user)) + positive(config.reserve_pool_size(db, user));
  };
  std::uint64_t sum = 0;
  if (db.user) {
    sum = of_user(*db.user);
  } else {
    for (const auto& [user, secret] : config.auth_users) sum += of_user(user);
  }
  const std::uint64_t limit = positive(config.max_db_connections(db));
  return limit > 0 ? std::min(limit, sum) : sum;
}

void tell_listening(const Settings& s, std::string& out) {
  for (const std::string& host : s.listen_addr)
    out += fmt::format("listens on {}:{}\n", host, s.listen_port);
  if (!s.unix_socket_dir.empty())
    out += fmt::format("listens on {}/.s.PGSQL.{}\n", s.unix_socket_dir, s.listen_port);
}

void tell_logins(const Config& config, std::string& out) {
  const Settings& s = config.settings;
  out += fmt::format("logs clients in by auth_type {}; {} users in auth_file; at most {} clients\n",
                     written("auth_type", s), config.auth_users.size(), s.max_client_conn);
  const auto md5 = std::ranges::count_if(config.auth_users, [](const auto& entry) {
    return entry.second.kind == auth::SecretKind::Md5;
  });
  if (md5 > 0)
    out += fmt::format("hint: {} of the users have an MD5 secret, which PostgreSQL 18 calls "
                       "deprecated: give them SCRAM secrets\n", md5);
  if (s.auth_type == auth::AuthType::Any || s.auth_type == auth::AuthType::Plain)
    out += fmt::format("hint: auth_type {} protects nothing on a network: use scram-sha-256\n",
                       written("auth_type", s));
}

void tell_database(const Config& config, const Database& db, std::string& out) {
  const std::string user = db.user ? fmt::format("user {}", *db.user) : "each user";
  out += fmt::format("database {} -> {} at {}, {} mode, up to {} connections for {}",
                     db.name, db.dbname.empty() ? "the same name" : db.dbname,
                     server_of(config, db), mode_of(config.pool_mode(db, db.user.value_or(""))),
                     config.pool_size(db, db.user.value_or("")), user);
  if (const int reserve = config.reserve_pool_size(db, db.user.value_or("")); reserve > 0)
    out += fmt::format(" and {} in reserve", reserve);
  if (const int most = config.max_db_connections(db); most > 0)
    out += fmt::format(", {} in all", most);
  out += '\n';
}

void tell_sums(const std::map<std::string, std::uint64_t>& sums, std::string& out) {
  for (const auto& [server, sum] : sums) {
    out += fmt::format("server {} may get {} connections", server, sum);
    out += sum <= kUsualConnections
               ? "\n"
               : fmt::format(", more than the {} that PostgreSQL has by default: see that its "
                             "max_connections is larger, or lower pool_size or "
                             "max_db_connections\n", kUsualConnections);
  }
}

}  // namespace

std::string explain(const Config& config) {
  std::string out;
  tell_listening(config.settings, out);
  tell_logins(config, out);
  std::map<std::string, std::uint64_t> sums;
  const auto each = [&](const Database& db) {
    tell_database(config, db, out);
    sums[server_of(config, db)] += connections_of(config, db);
  };
  for (const auto& [name, db] : config.databases) each(db);
  if (config.fallback) each(*config.fallback);
  tell_sums(sums, out);
  if (config.weir.strict)
    out += "strict: behaves as PgBouncer 1.26.1, also where Weir does better\n";
  return out;
}

}  // namespace weir::config

// SHOW DATABASES, USERS, PEERS and PEER_POOLS: the configuration beside what there is of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "admin/merge.h"
#include "admin/names.h"
#include "admin/show.h"
#include "admin/table.h"

namespace weir::admin {

namespace {

using config::Config;
using config::Database;
using enum ColumnType;

constexpr std::array kDatabaseColumns{
    Column{"name"}, Column{"host"}, Column{"port", Int4}, Column{"database"},
    Column{"force_user"}, Column{"pool_size", Int4}, Column{"min_pool_size", Int4},
    Column{"reserve_pool_size", Int4}, Column{"server_lifetime", Int4}, Column{"pool_mode"},
    Column{"load_balance_hosts"}, Column{"max_connections", Int4},
    Column{"current_connections", Int4}, Column{"max_client_connections", Int4},
    Column{"current_client_connections", Int4}, Column{"paused", Int4}, Column{"disabled", Int4}};

constexpr std::array kUserColumns{
    Column{"name"}, Column{"pool_size"}, Column{"reserve_pool_size"}, Column{"pool_mode"},
    Column{"max_user_connections", Int4}, Column{"current_connections", Int4},
    Column{"max_user_client_connections", Int4}, Column{"current_client_connections", Int4}};

constexpr std::array kPeerColumns{Column{"peer_id", Int4}, Column{"host"}, Column{"port", Int4},
                                  Column{"pool_size", Int4}};

constexpr std::array kPeerPoolColumns{
    Column{"peer_id", Int4}, Column{"cl_active_cancel_req", Int4},
    Column{"cl_waiting_cancel_req", Int4}, Column{"sv_active_cancel", Int4},
    Column{"sv_login", Int4}};

// PgBouncer's for its own console.
constexpr int kConsolePoolSize = 2;

struct Connections {
  std::uint64_t servers = 0, clients = 0;
};
using ConnectionsByName = std::map<std::string_view, Connections>;

// How many connections there are with each value of a field of theirs.
ConnectionsByName count_by(const View& view, std::string session::SocketRow::*field) {
  ConnectionsByName counts;
  for (const session::Snapshot& worker : view.workers) {
    for (const session::SocketRow& client : worker.clients) ++counts[client.*field].clients;
    for (const session::SocketRow& server : worker.servers) ++counts[server.*field].servers;
  }
  return counts;
}

// The same for databases. Without rows the servers are counted pool by pool, and the clients not.
ConnectionsByName count_databases(const View& view) {
  ConnectionsByName counts = count_by(view, &session::SocketRow::database);
  for (const session::Snapshot& worker : view.workers) {
    if (worker.with_sockets) continue;
    for (const session::PoolRow& p : worker.pools)
      counts[p.database].servers += p.sv_active + p.sv_active_cancel + p.sv_being_canceled +
                                    p.sv_idle + p.sv_used + p.sv_tested + p.sv_login;
  }
  return counts;
}

Row& pool_mode(Row& row, const std::optional<config::PoolMode>& mode) {
  if (!mode) return row.null();
  switch (*mode) {
    case config::PoolMode::Session: return row.text("session");
    case config::PoolMode::Transaction: return row.text("transaction");
    case config::PoolMode::Statement: return row.text("statement");
  }
  return row.null();
}

int whole_seconds(Duration time) {
  return static_cast<int>(std::chrono::floor<std::chrono::seconds>(time).count());
}

bool contains(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void append_database(Row row, const View& view, std::string_view name, Connections current) {
  const Database& db = *view.config.find_database(name);
  const config::Settings& all = view.config.settings;
  row.text(name).text_or_null(fmt::format("{}", fmt::join(db.hosts, ","))).number(db.port);
  row.text(Config::server_dbname(db, name)).text_or_null(db.user.value_or(""));
  row.number(db.pool_size.value_or(all.default_pool_size));
  row.number(db.min_pool_size.value_or(all.min_pool_size));
  row.number(db.reserve_pool_size.value_or(all.reserve_pool_size));
  row.number(whole_seconds(view.config.server_lifetime(db)));
  pool_mode(row, db.pool_mode).text_or_null(load_balancing(view.config, name));
  row.number(view.config.max_db_connections(db)).number(current.servers);
  row.number(view.config.max_db_client_connections(db)).number(current.clients);
  row.number(int{contains(view.paused, name)}).number(int{contains(view.disabled, name)});
}

void append_console(Row row, const View& view, Connections current) {
  const config::Settings& all = view.config.settings;
  row.text(kConsoleDatabase).null().number(all.listen_port);
  row.text(kConsoleDatabase).text(kConsoleDatabase).number(kConsolePoolSize);
  row.number(0).number(0).number(whole_seconds(all.server_lifetime));
  row.text("statement").null().number(0).number(current.servers).number(0);
  row.number(current.clients).number(0).number(0);
}

// PgBouncer's layout of an optional size in a column of text.
std::string padded(const std::optional<int>& size) {
  return size ? fmt::format("{:9}", *size) : "";
}

}  // namespace

std::string_view load_balancing(const Config& config, std::string_view database) {
  const Database* db = config.find_database(database);
  if (db == nullptr || database == kConsoleDatabase || db->hosts.size() < 2) return {};
  return db->load_balance_hosts == config::LoadBalanceHosts::Disable ? "disable" : "round-robin";
}

void show_databases(const View& view, wire::Buffer& out) {
  ConnectionsByName current = count_databases(view);
  Table table(out, kDatabaseColumns);
  for (const std::string_view name : database_names(view)) {
    if (name == kConsoleDatabase) {
      append_console(table.row(), view, current[name]);
    } else {
      append_database(table.row(), view, name, current[name]);
    }
  }
}

void show_users(const View& view, wire::Buffer& out) {
  ConnectionsByName current = count_by(view, &session::SocketRow::user);
  const config::User unknown;
  Table table(out, kUserColumns);
  for (const std::string_view name : user_names(view)) {
    const config::User* found = view.config.find_user(name);
    const config::User& user = found == nullptr ? unknown : *found;
    Row row = table.row();
    row.text(name).text(padded(user.pool_size)).text(padded(user.reserve_pool_size));
    pool_mode(row, user.pool_mode);
    row.number(view.config.max_user_connections(name)).number(current[name].servers);
    row.number(view.config.max_user_client_connections(name)).number(current[name].clients);
  }
}

void show_peers(const View& view, wire::Buffer& out) {
  Table table(out, kPeerColumns);
  for (const auto& [id, peer] : view.config.peers) {
    Row row = table.row();
    row.number(id).text_or_null(fmt::format("{}", fmt::join(peer.hosts, ","))).number(peer.port);
    row.number(peer.pool_size.value_or(view.config.settings.default_pool_size));
  }
}

void show_peer_pools(const View& view, wire::Buffer& out) {
  Table table(out, kPeerPoolColumns);
  for (const session::PeerPoolRow& peer : merge_peer_pools(view.workers)) {
    Row row = table.row();
    row.number(peer.id).number(peer.cl_active_cancel_req).number(peer.cl_waiting_cancel_req);
    row.number(peer.sv_active_cancel).number(peer.sv_login);
  }
}

}  // namespace weir::admin

// The rows of the option table: [weir], and the overrides of [databases], [users] and [peers].
#include "config/option_table.h"

namespace weir::config {

namespace {

constexpr std::nullopt_t kNone = std::nullopt;

constexpr Option kWeirRows[] = {
    row_for<&WeirSettings::auth_failure_delay>("auth_failure_delay", "0.2",
        "Wait this long before a client is told that its login has failed."),
    row_for<&WeirSettings::auth_query_cache_ttl>("auth_query_cache_ttl", "10",
        "How long what auth_query has found is used for further logins; 0 asks at each login."),
    row_for<&WeirSettings::http_addr>("http_addr", "127.0.0.1",
        "Where metrics, health and the JSON API are served over HTTP; * is everywhere. Other "
        "machines need the token or a password (docs/metrics.md)."),
    row_for<&WeirSettings::http_port>("http_port", "9127",
        "The port for that; 0 turns it off. With strict it is off unless it is set.")
        .range(0, 65535),
    row_for<&WeirSettings::http_tls_cert_file>("http_tls_cert_file", "",
        "The certificate for HTTPS; without it HTTP is in the clear."),
    row_for<&WeirSettings::http_tls_key_file>("http_tls_key_file", "",
        "The private key of http_tls_cert_file."),
    row_for<&WeirSettings::http_token>("http_token", "",
        "Whoever asks over HTTP has to send it (Authorization: Bearer); never shown."),
    row_for<&WeirSettings::log_format>("log_format", "plain", "How log lines are written."),
    row_for<&WeirSettings::metrics_max_applications>("metrics_max_applications", "50",
        "How many application names have histograms of their own; the rest are counted as other.")
        .range(0, 1000),
    row_for<&WeirSettings::metrics_max_series>("metrics_max_series", "100000",
        "About how many series /metrics has at most; pools beyond that are summed under other.")
        .from(1),
    row_for<&WeirSettings::server_tls_sslnegotiation>("server_tls_sslnegotiation", "postgres",
        "How TLS with servers begins: asked for by a message, or at once (PostgreSQL 17)."),
    row_for<&WeirSettings::session_state>("session_state", "follow",
        "What becomes of a session's state between transactions: follow, pgbouncer or refuse "
        "(docs/pgbouncer.md)."),
    row_for<&WeirSettings::strict>("strict", "0",
        "Behave as PgBouncer 1.26.1 does, also where Weir does better (docs/pgbouncer.md)."),
    row_for<&WeirSettings::workers>("workers", "0",
        "Threads that serve connections; 0 is one for each core.").fixed().range(0, 1024),
};

constexpr Option kDatabaseRows[] = {
    row_for<&Database::application_name>("application_name", kNone,
        "Sent to the server at the start of a connection."),
    row_for<&Database::auth_dbname>("auth_dbname", kNone, "As in [pgbouncer]."),
    row_for<&Database::auth_query>("auth_query", kNone, "As in [pgbouncer]."),
    row_for<&Database::auth_user>("auth_user", kNone, "As in [pgbouncer]."),
    row_for<&Database::client_encoding>("client_encoding", kNone,
        "Sent to the server at the start of a connection."),
    row_for<&Database::connect_query>("connect_query", kNone,
        "Run on each new server connection; what it sets is there for every client."),
    row_for<&Database::datestyle>("datestyle", kNone,
        "Sent to the server at the start of a connection."),
    row_for<&Database::dbname>("dbname", kNone,
        "The database's name on the server; else the entry's own name."),
    row_for<&Database::hosts>("host", kNone,
        "The server: address, name, directory of a Unix socket, or a list of them."),
    row_for<&Database::load_balance_hosts>("load_balance_hosts", kNone,
        "round-robin over the hosts, or disable: stay on one until it fails."),
    row_for<&Database::max_db_client_connections>("max_db_client_connections", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&Database::max_db_connections>("max_db_connections", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&Database::min_pool_size>("min_pool_size", kNone, "As in [pgbouncer]."),
    row_for<&Database::password>("password", kNone,
        "The password of user; without it the secret in auth_file is used."),
    row_for<&Database::pool_mode>("pool_mode", kNone, "As in [pgbouncer]."),
    row_for<&Database::pool_size>("pool_size", kNone, "In place of default_pool_size."),
    row_for<&Database::port>("port", "5432", "The server's port.").range(1, 65535),
    row_for<&Database::query_wait_timeout>("query_wait_timeout", kNone, "As in [pgbouncer]."),
    row_for<&Database::reserve_pool_size>("reserve_pool_size", kNone,
        "As in [pgbouncer]; reserve_pool is the same."),
    row_for<&Database::server_lifetime>("server_lifetime", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&Database::session_state>("session_state", kNone, "As in [weir]."),
    row_for<&Database::timezone>("timezone", kNone,
        "Sent to the server at the start of a connection."),
    row_for<&Database::user>("user", kNone, "Every client uses the server as this user."),
};

constexpr Option kUserRows[] = {
    row_for<&User::client_idle_timeout>("client_idle_timeout", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&User::idle_transaction_timeout>("idle_transaction_timeout", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&User::max_user_client_connections>("max_user_client_connections", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&User::max_user_connections>("max_user_connections", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&User::pool_mode>("pool_mode", kNone, "As in [pgbouncer]."),
    row_for<&User::pool_size>("pool_size", kNone, "In place of default_pool_size."),
    row_for<&User::query_timeout>("query_timeout", kNone,
        "As in [pgbouncer].").zero_unsets(),
    row_for<&User::query_wait_timeout>("query_wait_timeout", kNone, "As in [pgbouncer]."),
    row_for<&User::reserve_pool_size>("reserve_pool_size", kNone, "As in [pgbouncer]."),
    row_for<&User::transaction_timeout>("transaction_timeout", kNone,
        "As in [pgbouncer].").zero_unsets(),
};

constexpr Option kPeerRows[] = {
    row_for<&Peer::hosts>("host", kNone, "Where the peer listens."),
    row_for<&Peer::pool_size>("pool_size", kNone, "Cancel requests on their way to it at a time."),
    row_for<&Peer::port>("port", "6432", "Its port.").range(1, 65535),
};

}  // namespace

std::span<const Option> weir_rows() {
  return kWeirRows;
}

std::span<const Option> database_rows() {
  return kDatabaseRows;
}

std::span<const Option> user_rows() {
  return kUserRows;
}

std::span<const Option> peer_rows() {
  return kPeerRows;
}

}  // namespace weir::config

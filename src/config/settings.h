// The values of [pgbouncer] and [weir], one typed field for each key, with the key's own name.
// The option table (config/options.h) says how each is written; a test keeps the defaults the same.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "auth/auth_type.h"
#include "base/time.h"

namespace weir::config {

enum class PoolMode { Session, Transaction, Statement };
enum class SslMode { Disable, Allow, Prefer, Require, VerifyCa, VerifyFull };
enum class LoadBalanceHosts { RoundRobin, Disable };
enum class SslNegotiation { Postgres, Direct };
enum class LogFormat { Plain, Json };
// What happens to the state of a session in transaction and statement mode.
enum class SessionState {
  Follow,     // it follows its client; what cannot be moved keeps the server
  Pgbouncer,  // the settings that PgBouncer tracks follow; all else stays in the server
  Refuse,     // settings follow; a statement that makes what cannot be moved is refused
};
enum class SyslogFacility {
  Auth, Authpriv, Daemon, User, Local0, Local1, Local2, Local3, Local4, Local5, Local6, Local7
};

inline constexpr const char* kDefaultAuthQuery =
    "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END "
    "FROM pg_authid WHERE rolname=$1 AND rolcanlogin";

// A time of zero and a limit of zero mean "off" unless the option's text says otherwise.
struct Settings {
  std::string logfile;
  std::string pidfile;
  std::vector<std::string> listen_addr;
  std::uint16_t listen_port = 6432;
  std::string unix_socket_dir = "/tmp";
  unsigned unix_socket_mode = 0777;
  std::string unix_socket_group;
  std::string user;
  PoolMode pool_mode = PoolMode::Session;
  int max_client_conn = 100;
  int default_pool_size = 20;
  int min_pool_size = 0;
  int reserve_pool_size = 0;
  Duration reserve_pool_timeout = std::chrono::seconds{5};
  int max_db_connections = 0;
  int max_db_client_connections = 0;
  int max_user_connections = 0;
  int max_user_client_connections = 0;
  bool server_round_robin = false;
  std::vector<std::string> track_extra_parameters;
  std::vector<std::string> ignore_startup_parameters;
  int peer_id = 0;
  bool disable_pqexec = false;
  bool application_name_add_host = false;
  std::string conffile;
  std::string job_name = "pgbouncer";
  std::string service_name = "pgbouncer";
  Duration stats_period = std::chrono::seconds{60};
  int max_prepared_statements = 200;
  int scram_iterations = 4096;

  auth::AuthType auth_type = auth::AuthType::Md5;
  std::string auth_file;
  std::string auth_hba_file;
  std::string auth_ident_file;
  std::string auth_user;
  std::string auth_query = kDefaultAuthQuery;
  std::string auth_dbname;
  std::string auth_ldap_options;

  bool syslog = false;
  std::string syslog_ident = "pgbouncer";
  SyslogFacility syslog_facility = SyslogFacility::Daemon;
  bool log_connections = true;
  bool log_disconnections = true;
  bool log_pooler_errors = true;
  bool log_stats = true;
  int verbose = 0;

  std::vector<std::string> admin_users;
  std::vector<std::string> stats_users;

  std::string server_reset_query = "DISCARD ALL";
  bool server_reset_query_always = false;
  Duration server_check_delay = std::chrono::seconds{30};
  std::string server_check_query = "<empty>";  // this text sends an empty query; '' means no check
  bool server_fast_close = false;
  Duration server_lifetime = std::chrono::seconds{3600};  // 0: a server is used once
  Duration server_idle_timeout = std::chrono::seconds{600};
  Duration server_connect_timeout = std::chrono::seconds{15};
  Duration server_login_retry = std::chrono::seconds{15};
  Duration client_login_timeout = std::chrono::seconds{60};
  Duration autodb_idle_timeout = std::chrono::seconds{3600};
  Duration pool_idle_timeout{};
  Duration dns_max_ttl = std::chrono::seconds{15};
  Duration dns_nxdomain_ttl = std::chrono::seconds{15};
  Duration dns_zone_check_period{};
  std::string resolv_conf;
  Duration query_wait_notify = std::chrono::seconds{5};
  std::string login_notify_message;
  Duration query_timeout{};
  Duration query_wait_timeout = std::chrono::seconds{120};
  Duration cancel_wait_timeout = std::chrono::seconds{10};
  Duration client_idle_timeout{};
  Duration idle_transaction_timeout{};
  Duration transaction_timeout{};
  Duration suspend_timeout = std::chrono::seconds{10};

  SslMode client_tls_sslmode = SslMode::Disable;
  std::string client_tls_key_file;
  std::string client_tls_cert_file;
  std::string client_tls_ca_file;
  std::string client_tls_protocols = "secure";
  std::string client_tls_ciphers = "default";
  std::string client_tls13_ciphers;
  std::string client_tls_ecdhcurve = "auto";
  std::string client_tls_dheparams = "auto";
  SslMode server_tls_sslmode = SslMode::Prefer;
  std::string server_tls_ca_file;
  std::string server_tls_key_file;
  std::string server_tls_cert_file;
  std::string server_tls_protocols = "secure";
  std::string server_tls_ciphers = "default";
  std::string server_tls13_ciphers;

  unsigned pkt_buf = 4096;
  unsigned max_packet_size = std::numeric_limits<std::int32_t>::max();
  int listen_backlog = 128;
  int sbuf_loopcnt = 5;
  bool so_reuseport = false;
  bool tcp_defer_accept = true;
  bool tcp_keepalive = true;
  int tcp_keepcnt = 0;
  int tcp_keepidle = 0;   // seconds, as the kernel takes it
  int tcp_keepintvl = 0;  // seconds
  int tcp_socket_buffer = 0;
  Duration tcp_user_timeout{};
};

struct WeirSettings {
  std::vector<std::string> http_addr{"127.0.0.1"};
  std::uint16_t http_port = 9127;  // as it is written: see Config::http_port()
  bool http_port_is_set = false;   // not an option: whether the file has a line with it
  std::string http_tls_cert_file;
  std::string http_tls_key_file;
  std::string http_token;
  int metrics_max_series = 100'000;
  int workers = 0;  // 0: one for each core
  LogFormat log_format = LogFormat::Plain;
  Duration auth_failure_delay = std::chrono::milliseconds{200};
  Duration auth_query_cache_ttl = std::chrono::seconds{10};
  unsigned metrics_max_applications = 50;
  SslNegotiation server_tls_sslnegotiation = SslNegotiation::Postgres;
  SessionState session_state = SessionState::Follow;
  bool strict = false;  // PgBouncer's behaviour also where Weir's is better
};

}  // namespace weir::config

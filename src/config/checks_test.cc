#include "config/checks.h"

#include <doctest/doctest.h>

#include "config/test_load.h"

using namespace weir::config;

namespace {

// The only problem, or all of them when it is not alone.
std::string only_problem(std::string_view rest) { return told(load_main(rest)); }

std::string no_effect(std::string_view name) {
  return "c.ini:3: warning: " + std::string(name) + " is accepted but has no effect yet\n";
}

}  // namespace

TEST_CASE("options without a function warn once, where they are set") {
  for (const std::string_view line :
       {"resolv_conf = r", "job_name = j"}) {
    CAPTURE(line);
    CHECK(only_problem(line) == no_effect(line.substr(0, line.find(' '))));
  }
}

TEST_CASE("options without a function are silent at their default or when nothing is missing") {
  for (const auto* line : {"syslog = 0", "autodb_idle_timeout = 1", "auth_user =",
                           "tcp_defer_accept = 1", "tcp_defer_accept = 0", "conffile = d.ini",
                           "pkt_buf = 4096", "sbuf_loopcnt = 5", "server_login_retry = 15",
                           "user = nobody", "so_reuseport = 1"}) {
    CAPTURE(line);
    CHECK(only_problem(line) == "");
  }
}

TEST_CASE("both ways of load_balance_hosts have a function") {
  CHECK(only_problem("[databases]\nx = load_balance_hosts=disable") == "");
}

TEST_CASE("what is not needed or no longer known is said in other words") {
  CHECK(only_problem("track_extra_parameters = search_path") ==
        "c.ini:3: note: track_extra_parameters is not needed: Weir follows every setting\n");
  CHECK(only_problem("dns_zone_check_period = 60") ==
        "c.ini:3: note: dns_zone_check_period is not needed: Weir asks for every name again after "
        "dns_max_ttl\n");
  CHECK(only_problem("pkt_buf = 8192") ==
        "c.ini:3: note: pkt_buf is not needed: Weir sizes its buffers by itself\n");
  CHECK(only_problem("sbuf_loopcnt = 0") ==
        "c.ini:3: note: sbuf_loopcnt is not needed: Weir gives every connection its turn\n");
  CHECK(only_problem("server_login_retry = 1") ==
        "c.ini:3: note: server_login_retry is not needed: Weir tries again by itself, at least "
        "once a second\n");
  CHECK(only_problem("track_extra_parameters = search_path\n[weir]\nstrict = 1") == "");
  for (const auto* line : {"suspend_timeout = 10", "service_name = x"}) {
    CAPTURE(line);
    CHECK(only_problem(line).find("is accepted but has no effect: PgBouncer 1.26 does not") !=
          std::string::npos);
  }
}

TEST_CASE("every login method is there; those that need more say what") {
  for (const auto* type : {"any", "trust", "plain", "md5", "scram-sha-256", "pam"}) {
    CHECK(only_problem("auth_type = " + std::string(type)) == "");
  }
  CHECK(only_problem("auth_type = hba") ==
        "c.ini:3: warning: auth_hba_file is not set: no line lets anybody in\n");
  CHECK(only_problem("auth_type = ldap") ==
        "c.ini:3: error: auth_ldap_options: ldap needs ldapserver= or the host in ldapurl=\n");
  CHECK(only_problem("auth_type = cert") ==
        "c.ini:3: error: auth_type cert needs client_tls_sslmode verify-full: without it no "
        "client's certificate is looked at\n");
}

TEST_CASE("direct TLS to servers needs a mode that insists on TLS") {
  const auto direct = [](const std::string& mode) {
    return told(load_text("[pgbouncer]\nauth_file = u.txt\nserver_tls_sslmode = " + mode +
                          "\n[weir]\nserver_tls_sslnegotiation = direct\n"));
  };
  for (const auto* mode : {"require", "verify-ca", "verify-full"}) CHECK(direct(mode) == "");
  for (const auto* mode : {"disable", "allow", "prefer"})
    CHECK(direct(mode) == "c.ini:5: error: server_tls_sslnegotiation = direct needs "
                          "server_tls_sslmode require, verify-ca or verify-full\n");
}

TEST_CASE("without an auth_file nobody can log in") {
  CHECK(told(load_text("[pgbouncer]\n")) ==
        "c.ini: warning: auth_file is not set: no user is known, so nobody can log in\n");
  CHECK(told(load_text("[pgbouncer]\nauth_type = any\n")) == "");
  CHECK(told(load_text("[pgbouncer]\nauth_type = pam\n")) == "");
  CHECK(told(load_text("[pgbouncer]\nauth_user = asker\n")) == "");
  CHECK(told(load_text("[pgbouncer]\n[databases]\nx = auth_user=asker\n")) == "");
}

TEST_CASE("auth_dbname must be an entry") {
  CHECK(only_problem("auth_dbname = d") ==
        "c.ini:3: warning: auth_dbname d is no entry of [databases]: logins that need auth_query "
        "will fail\n");
  CHECK(only_problem("[databases]\nx = auth_dbname=pgbouncer") ==
        "c.ini:4: warning: auth_dbname pgbouncer is no entry of [databases]: logins that need "
        "auth_query will fail (entry x)\n");
  CHECK(only_problem("auth_dbname = x\n[databases]\nx =\ny = auth_dbname=x") == "");
  CHECK(only_problem("auth_dbname = anything\n[databases]\n* =") == "");
}

TEST_CASE("auth_type any needs a user in every entry") {
  CHECK(only_problem("auth_type=any\n[databases]\nx = user=u\ny =\n") ==
        "c.ini:6: warning: auth_type = any needs user= in every entry: nobody can use database "
        "y\n");
}

TEST_CASE("sizes of pools that contradict limits") {
  for (const auto* line : {"min_pool_size = 21", "max_db_connections = 19",
                           "max_user_connections = 19", "max_client_conn = 19"}) {
    CAPTURE(line);
    CHECK(only_problem(line).starts_with("c.ini:3: warning: "));
  }
  for (const auto* line : {"min_pool_size = 20", "max_db_connections = 20",
                           "max_db_connections = 0", "max_user_connections = 20",
                           "max_client_conn = 20"}) {
    CAPTURE(line);
    CHECK(only_problem(line) == "");
  }
  CHECK(only_problem("reserve_pool_size = 5\nreserve_pool_timeout = 0\n") ==
        "c.ini:3: warning: reserve_pool_size has no effect: reserve_pool_timeout = 0 turns the "
        "reserve off\n");
}

TEST_CASE("sizes of an entry that contradict each other") {
  CHECK(only_problem("[databases]\nx = pool_size=4 min_pool_size=8") ==
        "c.ini:4: warning: min_pool_size 8 is more than pool_size 4, which is what counts (entry "
        "x)\n");
  CHECK(only_problem("[databases]\nx = pool_size=4 max_db_connections=3") ==
        "c.ini:4: warning: max_db_connections 3 is less than pool_size 4: no pool fills (entry "
        "x)\n");
  CHECK(only_problem("[databases]\nx = pool_size=0") ==
        "c.ini:4: warning: a pool_size of 0 lets nobody work with database x\n");
  CHECK(only_problem("[databases]\nx = pool_size=4 min_pool_size=4 max_db_connections=4") == "");
}

TEST_CASE("places to listen") {
  CHECK(only_problem("unix_socket_dir = /nonexistent") ==
        "c.ini:3: warning: unix_socket_dir /nonexistent is not a directory: create it, or leave "
        "the value empty for no Unix socket\n");
  CHECK(only_problem("unix_socket_dir = @abstract") == "");
  CHECK(only_problem("unix_socket_dir =\nlisten_addr = *") == "");
  CHECK(only_problem("unix_socket_dir =").find("nowhere to listen on") != std::string::npos);
  CHECK(only_problem("unix_socket_mode = 0700") == "");
  CHECK(only_problem("unix_socket_mode = 700") ==
        "c.ini:3: warning: unix_socket_mode is 01274 in octal: write octal numbers with a leading "
        "0, as in 0777\n");
}

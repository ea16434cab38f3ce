"""SHOW CONFIG and SET: PgBouncer's 99 settings, their defaults, and what can be changed."""

import pytest

from harness.pooler import KIND

# key: default as SHOW CONFIG prints it; None is NULL.
DEFAULTS = """
admin_users=            application_name_add_host=0   auth_dbname     auth_file      auth_hba_file=
auth_ident_file         auth_ldap_options             auth_type=md5   auth_user
autodb_idle_timeout=3600  cancel_wait_timeout=10      client_idle_timeout=0
client_login_timeout=60 client_tls13_ciphers          client_tls_ca_file=  client_tls_cert_file=
client_tls_ciphers=default  client_tls_dheparams=auto client_tls_ecdhcurve=auto
client_tls_key_file=    client_tls_protocols=secure   client_tls_sslmode=disable  conffile
default_pool_size=20    disable_pqexec=0              dns_max_ttl=15  dns_nxdomain_ttl=15
dns_zone_check_period=0 idle_transaction_timeout=0    ignore_startup_parameters=
job_name=pgbouncer      listen_addr=                  listen_backlog=128  listen_port=6432
log_connections=1       log_disconnections=1          log_pooler_errors=1 log_stats=1
logfile=                login_notify_message=         max_client_conn=100
max_db_client_connections=0  max_db_connections=0     max_packet_size=2147483647
max_prepared_statements=200  max_user_client_connections=0  max_user_connections=0
min_pool_size=0         peer_id=0                     pidfile=        pkt_buf=4096
pool_idle_timeout=0     pool_mode=session             query_timeout=0 query_wait_notify=5
query_wait_timeout=120  reserve_pool_size=0           reserve_pool_timeout=5  resolv_conf=
sbuf_loopcnt=5          scram_iterations=4096         server_check_delay=30
server_check_query=<empty>  server_connect_timeout=15 server_fast_close=0
server_idle_timeout=600 server_lifetime=3600          server_login_retry=15
server_reset_query_always=0  server_round_robin=0     server_tls13_ciphers
server_tls_ca_file=     server_tls_cert_file=         server_tls_ciphers=default
server_tls_key_file=    server_tls_protocols=secure   server_tls_sslmode=prefer
so_reuseport=0          stats_period=60               stats_users=    syslog=0
syslog_facility=daemon  syslog_ident=pgbouncer        tcp_defer_accept=1  tcp_keepalive=1
tcp_keepcnt=0           tcp_keepidle=0                tcp_keepintvl=0 tcp_socket_buffer=0
tcp_user_timeout=0      track_extra_parameters=       transaction_timeout=0
unix_socket_dir=/tmp    unix_socket_group=            unix_socket_mode=0777   user
verbose
"""
TEXTS = {"server_reset_query": "DISCARD ALL",
         "auth_query": "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword"
                       " END FROM pg_authid WHERE rolname=$1 AND rolcanlogin"}
FIXED = set("""disable_pqexec job_name listen_addr listen_backlog listen_port pidfile pkt_buf
    resolv_conf so_reuseport track_extra_parameters unix_socket_dir unix_socket_group
    unix_socket_mode user""".split())


def defaults():
    named = (word.partition("=") for word in DEFAULTS.split())
    return {**{key: value if equals else None for key, equals, value in named}, **TEXTS}


def test_every_key_and_its_default(make_pooler):
    pooler = make_pooler()
    with pooler.console() as console:
        rows = {row["key"]: row for row in console.show("CONFIG")}
        expected = defaults()
        if KIND == "pgbouncer":
            assert list(rows) == sorted(expected)
        assert {key: rows[key]["default"] for key in expected if key in rows} == expected
        assert {key for key in expected if rows[key]["changeable"] == "no"} == FIXED


# Settings that would end the console's own connection or need files are left out.
VALUES = {"max_packet_size": "77777", "pool_mode": "statement", "auth_type": "any",
          "syslog_facility": "local3",
          "client_tls_sslmode": None, "server_tls_sslmode": "disable", "conffile": None,
          "logfile": None, "auth_file": None, "auth_query": "SELECT 1, $1", "syslog": None,
          "auth_ldap_options": None, "auth_hba_file": None, "auth_ident_file": None,
          "client_tls_protocols": "all", "server_tls_protocols": "tlsv1.3",
          "client_tls_ciphers": "secure", "server_tls_ciphers": "secure",
          "client_tls_dheparams": "none", "client_tls_ecdhcurve": "none",
          "client_tls13_ciphers": None, "server_tls13_ciphers": None,
          "client_tls_ca_file": None, "client_tls_cert_file": None, "client_tls_key_file": None,
          "server_tls_ca_file": None, "server_tls_cert_file": None, "server_tls_key_file": None,
          "admin_users": "console,bob", "stats_users": "watch,bob", "auth_dbname": "app",
          "auth_user": "bob", "ignore_startup_parameters": "extra_float_digits,options",
          "login_notify_message": "hello", "server_check_query": "select 1",
          "server_reset_query": "DISCARD PLANS", "syslog_ident": "mine"}
FLAGS = {"application_name_add_host", "log_connections", "log_disconnections",
         "log_pooler_errors", "log_stats", "server_fast_close", "server_reset_query_always",
         "server_round_robin", "tcp_defer_accept", "tcp_keepalive"}


def test_set_of_every_changeable_key(make_pooler):
    """SET echoes key and value, SHOW CONFIG tells the new value, RELOAD takes it back."""
    pooler = make_pooler()
    with pooler.console() as console:
        before = {row["key"]: row["value"] for row in console.show("CONFIG")}
        wanted = {}
        for key in defaults():
            value = VALUES.get(key, "0" if key in FLAGS else "7")
            if key in FIXED or value is None:
                continue
            assert console.do(f"SET {key} = '{value}'").tags == [f"SET {key}={value}"], key
            wanted[key] = value
        now = {row["key"]: row["value"] for row in console.show("CONFIG")}
        assert {key: now[key] for key in wanted} == wanted
        console.do("RELOAD")
        after = {row["key"]: row["value"] for row in console.show("CONFIG")}
        # PgBouncer keeps what has no default.
        kept = {"auth_user", "auth_dbname", "verbose"} if KIND == "pgbouncer" else set()
        assert {k: after[k] for k in wanted} == {
            k: wanted[k] if k in kept else before[k] for k in wanted}


@pytest.mark.parametrize("key", sorted(FIXED))
def test_what_cannot_be_changed_is_not(make_pooler, key):
    """SET says yes and does nothing."""
    pooler = make_pooler()
    with pooler.console() as console:
        before = console.config(key)
        assert console.do(f"SET {key} = '1'").tags == [f"SET {key}=1"]
        assert console.config(key) == before


@pytest.mark.parametrize("command", [
    "SET max_client_conn = on", "SET max_client_conn = 5x", "SET query_timeout = 5s",
    "SET query_timeout = '-1'", "SET pool_mode = sometimes", "SET server_round_robin = true",
    "SET MAX_CLIENT_CONN = 5", "SET auth_type = gss"])
def test_values_that_are_none(make_pooler, command):
    pooler = make_pooler()
    with pooler.console() as console:
        before = console.show("CONFIG")
        assert console.run(command).error["M"] == "SET failed"
        assert console.show("CONFIG") == before


@pytest.mark.parametrize("written, shown", [
    ("2.5", "2.5"), ("3", "3"), ("0x20", "32"), ("007", "7")])
def test_how_times_are_written(make_pooler, written, shown):
    pooler = make_pooler()
    with pooler.console() as console:
        console.do(f"SET query_timeout = '{written}'")
        assert console.config("query_timeout") == shown

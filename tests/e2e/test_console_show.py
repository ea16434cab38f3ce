"""SHOW: the columns that PgBouncer has, in its order, and values that are true."""

import os
import socket

import pytest

from harness import frontend as fe
from harness.backend import row_description
from harness.waiting import until
from harness.wire import Refused
from harness.errors import check

SESSIONS = ("type user database replication state addr port local_addr local_port connect_time "
            "request_time wait wait_us close_needed ptr link remote_pid tls application_name "
            "prepared_statements id")
POSITIONS = "recv_pos pkt_pos pkt_remain send_pos send_remain pkt_avail send_avail"
COUNTS = ("server_assignment_count xact_count query_count bytes_received bytes_sent xact_time "
          "query_time wait_time")
COLUMNS = {
    "CLIENTS": SESSIONS, "SERVERS": SESSIONS,
    "POOLS": "database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req "
             "sv_active sv_active_cancel sv_being_canceled sv_idle sv_used sv_tested sv_login "
             "maxwait maxwait_us pool_mode load_balance_hosts",
    "DATABASES": "name host port database force_user pool_size min_pool_size reserve_pool_size "
                 "server_lifetime pool_mode load_balance_hosts max_connections "
                 "current_connections max_client_connections current_client_connections paused "
                 "disabled",
    "USERS": "name pool_size reserve_pool_size pool_mode max_user_connections "
             "current_connections max_user_client_connections current_client_connections",
    "STATS": "database total_server_assignment_count total_xact_count total_query_count "
             "total_received total_sent total_xact_time total_query_time total_wait_time "
             "total_client_parse_count total_server_parse_count total_bind_count "
             "total_client_login_count avg_server_assignment_count avg_xact_count "
             "avg_query_count avg_recv avg_sent avg_xact_time avg_query_time avg_wait_time "
             "avg_client_parse_count avg_server_parse_count avg_bind_count "
             "avg_client_login_count",
    "STATS_TOTALS": f"database {COUNTS} client_parse_count server_parse_count bind_count "
                    "client_login_count",
    "STATS_AVERAGES": f"database {COUNTS} avg_client_parse_count avg_server_parse_count "
                      "avg_bind_count avg_client_login_count",
    "TOTALS": "name value", "LISTS": "list items", "CONFIG": "key value default changeable",
    "STATE": "key value", "MEM": "name size used free memtotal", "VERSION": "version",
    "PEERS": "peer_id host port pool_size", "DNS_HOSTS": "hostname ttl addrs",
    "DNS_ZONES": "zonename serial count", "SOCKETS": f"{SESSIONS} {POSITIONS}",
    "ACTIVE_SOCKETS": f"{SESSIONS} {POSITIONS}",
    "PEER_POOLS": "peer_id cl_active_cancel_req cl_waiting_cancel_req sv_active_cancel sv_login",
}
TEXTS = set("""type user database replication state addr local_addr connect_time request_time ptr
    link tls application_name pool_mode load_balance_hosts name host force_user list key value
    default changeable version hostname addrs zonename""".split())
TEXT, INT4, INT8, NUMERIC = 25, 23, 20, 1700


def type_of(what, column):
    """PgBouncer's, seen on the wire."""
    if (what == "USERS" and column in ("pool_size", "reserve_pool_size")) or column in TEXTS:
        return NUMERIC if (what, column) == ("TOTALS", "value") else TEXT
    if what.startswith("STATS"):
        return NUMERIC
    return INT8 if column in ("ttl", "serial") else INT4


@pytest.mark.parametrize("what", COLUMNS)
def test_columns(pooler, what):
    with pooler.connect() as client, pooler.console() as console:
        client.alive()
        for word in (what, what.lower(), f"{what};"):
            reply = console.do(f"SHOW {word}")
            assert reply.columns == COLUMNS[what].split()
            assert reply.tags == ["SHOW"]


@pytest.mark.parametrize("what", COLUMNS)
def test_column_types(pooler, what):
    with pooler.console() as console:
        for column in row_description(console.do(f"SHOW {what}").of("T")[0]):
            assert column[3] == type_of(what, column[0]), column


def test_help(pooler):
    with pooler.console() as console:
        reply = console.do("SHOW HELP")
        (notice,) = reply.notices
        assert notice["M"] == "Console usage" and "SHOW" in notice["D"] and "PAUSE" in notice["D"]
        assert reply.rows == [] and reply.tags == ["SHOW"]


def test_greeting(pooler):
    with pooler.console() as console:
        parameters = console.connection.greeting.parameters
        assert parameters["server_version"].endswith("/bouncer")
        assert parameters["client_encoding"] == "UTF8"
        assert parameters["standard_conforming_strings"] == "on"
        assert parameters["DateStyle"].startswith("ISO")


def test_version(pooler):
    with pooler.console() as console:
        (row,) = console.show("VERSION")
        assert row["version"].split()[0] in ("PgBouncer", "Weir")
        assert console.run("SELECT version").rows == [(row["version"],)]


def test_memory(make_pooler):
    pooler = make_pooler()
    names = ("user_cache credentials_cache db_cache peer_cache peer_pool_cache pool_cache "
             "outstanding_request_cache server_cache client_cache iobuf_cache var_list_cache "
             "server_prepared_statement_cache").split()

    def used(console):
        return {row["name"]: int(row["used"]) for row in console.show("MEM")}

    with pooler.console() as console:
        before = used(console)
        assert list(before) == names
        clients = [pooler.connect() for _ in range(5)]
        clients[0].query("BEGIN")
        after = used(console)
        assert after["client_cache"] - before["client_cache"] == 5
        assert after["server_cache"] >= 1 and after["pool_cache"] >= 1
        for row in console.show("MEM"):
            least = int(row["size"]) * (int(row["used"]) + int(row["free"]))
            assert int(row["memtotal"]) >= least or row["name"] == "iobuf_cache", row
        for client in clients:
            client.close()


def test_names_that_were_resolved(make_pooler):
    """A name of the hosts file, and one that is nowhere."""
    name = socket.gethostname()
    pooler = make_pooler(databases={"app": {}, "by_name": {"host": name},
                                    "nowhere": {"host": "no-such-host.invalid"}})
    with pooler.console() as console:
        assert console.show("DNS_HOSTS") == []
        for database in ("by_name", "nowhere"):
            client = pooler.raw()
            client.send(fe.startup({"user": "alice", "database": database}))
            until(lambda: len(console.show("DNS_HOSTS")) >= 1, what="a name was looked up")
        until(lambda: len(console.show("DNS_HOSTS")) == 2, what="both names were looked up")
        rows = {row["hostname"]: row for row in console.show("DNS_HOSTS")}
        assert rows[name]["addrs"] and int(rows[name]["ttl"]) <= 15
        assert rows["no-such-host.invalid"]["addrs"] == ""
        lists = {row["list"]: row["items"] for row in console.show("LISTS")}
        assert lists["dns_names"] == "2"


def test_states(pooler):
    with pooler.console() as console, pooler.connect() as client:
        client.query("SELECT 1")
        states = {row["user"]: row["state"] for row in console.show("CLIENTS")}
        assert states == {"console": "idle", "alice": "idle"}
        states = {row["user"]: row["state"] for row in console.show("SOCKETS")
                  if row["type"] == "C"}
        assert states == {"console": "cl_active", "alice": "cl_active"}


def test_numbers_of_connections(pooler):
    """One count for all, in the order in which they came: no number comes twice."""
    with pooler.console() as console:
        seen = []
        for _ in range(3):
            with pooler.connect() as client:
                client.alive()
                (row,) = console.clients()
                seen.append(int(row["id"]))
        assert seen == sorted(set(seen)), seen


def test_console_is_counted(pooler):
    with pooler.console() as console:
        rows = {row["database"]: row for row in console.show("STATS")}
        assert int(rows["pgbouncer"]["total_client_login_count"]) >= 1
        assert int(rows["pgbouncer"]["total_query_count"]) >= 1


@pytest.mark.weir_only("PgBouncer 1.26 has no SHOW FDS any more")
def test_descriptors(pooler):
    with pooler.console() as console, pooler.connect() as client:
        client.query("BEGIN")
        rows = {row["task"]: row for row in console.show("FDS") if row["database"] == "app"}
        assert rows["client"]["link"] == rows["server"]["fd"]
        assert rows["server"]["link"] == rows["client"]["fd"]
        assert rows["client"]["password"] is None and rows["client"]["cancel"] is None
        assert os.path.exists(f"/proc/{pooler.pid}/fd/{rows['client']['fd']}")
    with pooler.console("watch") as console:
        assert console.run("SHOW FDS").error["M"] == "admin access needed"


def test_lists(pooler):
    names = ("databases users peers pools peer_pools free_clients used_clients login_clients "
             "free_servers used_servers dns_names dns_zones dns_queries dns_pending").split()
    with pooler.connect() as client, pooler.console() as console:
        client.query("BEGIN")
        rows = {row["list"]: int(row["items"]) for row in console.show("LISTS")}
        assert list(rows)[:len(names)] == names
        assert rows["databases"] >= 1 and rows["used_clients"] == 2


def test_pools_and_sessions(pooler):
    with pooler.console() as console:
        active, idle = pooler.connect(), pooler.connect(
            parameters={"application_name": "the idle one"})
        idle.alive()
        active.query("BEGIN")
        pool = console.pool()
        assert (pool["cl_active"], pool["cl_waiting"], pool["sv_active"]) == ("2", "0", "1")
        assert pool["pool_mode"] == "transaction"
        busy = [row for row in console.clients() if row["state"] == "active"]
        assert len(busy) == 1 and len(console.clients()) == 2
        (server,) = [row for row in console.servers() if row["state"] == "active"]
        assert server["remote_pid"] == active.value("SELECT pg_backend_pid()")
        assert server["link"] == busy[0]["ptr"] and busy[0]["link"] == server["ptr"]
        assert (server["type"], busy[0]["type"]) == ("S", "C")
        assert server["port"] == str(pooler.cluster.port)
        assert "the idle one" in [row["application_name"] for row in console.clients()]
        assert len({row["id"] for row in console.clients() + console.servers()}) == len(
            console.clients() + console.servers())
        active.query("COMMIT")
        assert console.pool()["sv_active"] == "0"
        active.close()
        idle.close()
        until(lambda: console.pool()["cl_active"] == "0", what="nobody is left")


def test_maxwait(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.console() as console, pooler.connect() as holder, pooler.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(fe.query("SELECT 1"))
        until(lambda: int(console.pool()["maxwait"]) >= 1, what="a second of waiting")
        pool = console.pool()
        assert pool["cl_waiting"] == "1" and int(pool["maxwait_us"]) < 1000000
        (row,) = [row for row in console.clients() if row["state"] == "waiting"]
        assert int(row["wait"]) >= 1
        holder.query("COMMIT")
        waiter.read_until("Z")
        assert console.pool()["maxwait"] == "0"


def test_databases(make_pooler):
    pooler = make_pooler(databases={
        "app": {"pool_size": 7, "min_pool_size": 1, "reserve_pool_size": 2, "user": "bob",
                "max_db_connections": 9, "pool_mode": "session"}})
    with pooler.console() as console:
        rows = {row["name"]: row for row in console.show("DATABASES")}
        row = rows["app"]
        assert [row[key] for key in ("host", "port", "database", "force_user", "pool_size",
                                     "min_pool_size", "reserve_pool_size", "max_connections",
                                     "pool_mode", "paused", "disabled")] == [
            "127.0.0.1", str(pooler.cluster.port), "app", "bob", "7", "1", "2", "9", "session",
            "0", "0"]
        assert rows["pgbouncer"]["pool_mode"] == "statement"
        assert list(rows) == sorted(rows)


def test_stats_count(make_pooler):
    pooler = make_pooler()
    with pooler.console() as console, pooler.connect() as client:
        def total(name):
            (row,) = [row for row in console.show("STATS") if row["database"] == "app"]
            return int(row["total_" + name])

        names = ("xact_count", "query_count", "received", "sent", "query_time", "xact_time",
                 "server_assignment_count", "client_parse_count", "server_parse_count",
                 "bind_count", "client_login_count")
        before = {name: total(name) for name in names}
        for _ in range(5):
            client.query("SELECT pg_sleep(0.01)")
        client.query("BEGIN")
        client.query("SELECT repeat('x', 10000)")
        client.query("COMMIT")
        client.exchange(fe.parse("s", "SELECT 1"), fe.bound("s"), fe.bound("s"), fe.sync())
        pooler.connect().close()
        grown = {name: total(name) - before[name] for name in names}
        assert grown["xact_count"] == 7, grown
        assert grown["query_count"] == 9, grown
        assert grown["server_assignment_count"] == 7, grown
        assert grown["client_parse_count"] == 1 and grown["bind_count"] == 2, grown
        assert grown["server_parse_count"] == 1 and grown["client_login_count"] == 1, grown
        assert grown["sent"] > 10000 > grown["received"] > 100, grown
        assert 50000 < grown["query_time"] <= grown["xact_time"], grown
        totals = {row["database"]: row for row in console.show("STATS_TOTALS")}
        assert int(totals["app"]["xact_count"]) == total("xact_count")


def test_config_lists_every_key(pooler):
    keys = set("""admin_users application_name_add_host auth_dbname auth_file auth_hba_file
        auth_ident_file auth_query auth_type auth_user autodb_idle_timeout cancel_wait_timeout
        client_idle_timeout client_login_timeout client_tls_sslmode conffile default_pool_size
        disable_pqexec dns_max_ttl idle_transaction_timeout ignore_startup_parameters listen_addr
        listen_backlog listen_port log_connections log_disconnections log_pooler_errors log_stats
        logfile max_client_conn max_db_client_connections max_db_connections max_packet_size
        max_prepared_statements max_user_client_connections max_user_connections min_pool_size
        peer_id pidfile pkt_buf pool_mode query_timeout query_wait_notify query_wait_timeout
        reserve_pool_size reserve_pool_timeout sbuf_loopcnt scram_iterations server_check_delay
        server_check_query server_connect_timeout server_fast_close server_idle_timeout
        server_lifetime server_login_retry server_reset_query server_reset_query_always
        server_round_robin server_tls_sslmode so_reuseport stats_period stats_users tcp_keepalive
        tcp_user_timeout track_extra_parameters transaction_timeout unix_socket_dir
        verbose""".split())
    with pooler.console() as console:
        rows = {row["key"]: row for row in console.show("CONFIG")}
        assert keys <= set(rows)
        assert rows["pool_mode"]["value"] == "transaction"
        assert rows["pool_mode"]["default"] == "session"
        assert rows["listen_port"]["changeable"] == "no"
        assert rows["default_pool_size"]["changeable"] == "yes"
        assert list(rows) == sorted(rows)


@pytest.mark.parametrize("sent, answer", [
    ("SHOW client_encoding", "UTF"), ("SHOW standard_conforming_strings", "on"),
    ("SHOW datestyle", "ISO"), ("SHOW timezone", "GMT"),
    ("SHOW default_transaction_isolation", "read committed")])
def test_answers_for_drivers(pooler, sent, answer):
    with pooler.console() as console:
        assert console.do(sent).value.startswith(answer)


def test_settings_of_drivers_are_ignored(pooler):
    with pooler.console() as console:
        for command in ("SET client_encoding TO 'UTF8'", "SET datestyle = 'ISO'",
                        "SET extra_float_digits = 3"):
            assert console.do(command).tags == ["SET"]


def test_who_may_use_the_console(pooler):
    with pooler.console("watch") as console:
        assert console.show("POOLS") and console.show("CONFIG")
        for command in ("PAUSE", "RELOAD", "KILL app", "SET verbose=1", "SHUTDOWN", "KILL_CLIENT 1",
                        "RECONNECT", "DISABLE app"):
            reply = console.run(command)
            assert reply.error["M"] == "admin access needed", command
    with pytest.raises(Refused) as refusal:
        pooler.connect("alice", "pgbouncer")
    check(refusal.value.error, "not allowed")


@pytest.mark.parametrize("command, text", [
    ("", "invalid command '', use SHOW HELP;"), ("FOO", "invalid command 'FOO', use SHOW HELP;"),
    ("SHOW nosuch", "invalid command 'SHOW nosuch', use SHOW HELP;"),
    ("SELECT 1", "invalid command 'SELECT 1', use SHOW HELP;"),
    ("PAUSE nosuch", "no such database: nosuch"), ("RECONNECT nosuch", "no such database: nosuch"),
    ("RESUME", "pooler is not paused"), ("RESUME app", "database app is not paused"),
    ("DISABLE", "a database is required"), ("ENABLE", "a database is required"),
    ("KILL pgbouncer", "cannot kill admin db: pgbouncer"),
    ("PAUSE pgbouncer", "cannot pause admin db: pgbouncer"),
    ("KILL_CLIENT 99999", "client not found"), ("SET nosuch = 1", "SET failed"),
    ("KILL_CLIENT xx", "invalid client pointer supplied"),
    ("SET max_client_conn = 'many'", "SET failed")])
def test_errors(pooler, command, text):
    with pooler.console() as console:
        error = console.run(command).error
        assert (error["S"], error["M"]) == ("ERROR", text)
        assert console.show("VERSION")


@pytest.mark.weir_only("the console speaks the extended protocol")
def test_extended_protocol(pooler):
    with pooler.console() as console:
        reply = console.connection.extended("SHOW POOLS")
        assert reply.columns == COLUMNS["POOLS"].split() and not reply.errors
        assert console.show("VERSION")

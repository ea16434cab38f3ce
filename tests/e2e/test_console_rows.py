"""What stands in the rows of SHOW, value by value."""

import os
import re
import threading

import pytest

from harness import frontend as fe
from harness.fake_server import FakeServer
from harness.waiting import until

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+")


def row(rows, **fits):
    (found,) = [row for row in rows if all(row[key] == value for key, value in fits.items())]
    return found


def test_a_client(pooler):
    with pooler.console() as console, pooler.connect(
            parameters={"application_name": "the app"}) as client:
        client.exchange(fe.parse("s", "SELECT 1"), fe.sync())
        found = row(console.clients(), user="alice")
        host, port = client.socket.getsockname()
        assert {key: found[key] for key in (
            "type", "database", "replication", "state", "addr", "port", "local_addr", "local_port",
            "wait", "wait_us", "close_needed", "link", "remote_pid", "tls", "application_name",
            "prepared_statements")} == {
            "type": "C", "database": "app", "replication": "none", "state": "idle", "addr": host,
            "port": str(port), "local_addr": "127.0.0.1", "local_port": str(pooler.port),
            "wait": "0", "wait_us": "0", "close_needed": "0", "link": "", "remote_pid": "0",
            "tls": "", "application_name": "the app", "prepared_statements": "1"}
        assert MOMENT.fullmatch(found["connect_time"]) and MOMENT.fullmatch(found["request_time"])
        assert re.fullmatch("0x[0-9a-f]+", found["ptr"]) and int(found["id"]) > 0


def test_a_client_over_the_unix_socket(pooler):
    with pooler.console() as console, pooler.connect_unix():
        found = row(console.clients(), user="alice")
        assert (found["addr"], found["port"], found["local_addr"], found["local_port"]) == (
            "unix", str(pooler.port), "unix", str(pooler.port))
        assert found["remote_pid"] == str(os.getpid())


def test_a_server(pooler):
    with pooler.console() as console, pooler.connect() as client:
        client.exchange(fe.parse("s", "SELECT 1"), fe.sync())
        backend = client.value("SELECT pg_backend_pid()")
        until(lambda: console.pool()["sv_active"] == "0", what="it is free")
        (found,) = console.servers()
        assert {key: found[key] for key in (
            "type", "user", "database", "replication", "state", "addr", "port", "local_addr",
            "wait", "wait_us", "close_needed", "link", "remote_pid", "tls")} == {
            "type": "S", "user": "alice", "database": "app", "replication": "none",
            "state": "idle", "addr": "127.0.0.1", "port": str(pooler.cluster.port),
            "local_addr": "127.0.0.1", "wait": "0", "wait_us": "0", "close_needed": "0",
            "link": "", "remote_pid": backend, "tls": ""}
        assert found["prepared_statements"] == "1" and int(found["local_port"]) > 0


def test_states_of_clients(make_pooler):
    pooler = make_pooler(settings={"default_pool_size": 1})
    with pooler.console() as console, pooler.connect() as active, pooler.connect() as waiting:
        active.query("BEGIN")
        waiting.send(fe.query("SELECT 1"))
        until(lambda: console.pool()["cl_waiting"] == "1", what="it waits")
        assert sorted(row["state"] for row in console.clients()) == ["active", "waiting"]
        sockets = [row for row in console.show("SOCKETS") if row["database"] == "app"]
        assert sorted(row["state"] for row in sockets) == ["cl_active", "cl_waiting", "sv_active"]
        active.query("COMMIT")
        waiting.read_until("Z")


def test_states_of_servers(make_pooler):
    """active, idle, and used after server_check_delay."""
    pooler = make_pooler(settings={"server_check_delay": 1})
    with pooler.console() as console, pooler.connect() as client:
        for sql, state in (("BEGIN", "active"), ("COMMIT", "idle")):
            client.query(sql)
            until(lambda expected=state: [row["state"] for row in console.servers()] == [expected],
                  what=state)
        until(lambda: [row["state"] for row in console.servers()] == ["used"], what="used")
        pool = console.pool()
        assert (pool["sv_idle"], pool["sv_used"]) == ("0", "1")
        (found,) = [row for row in console.show("SOCKETS") if row["type"] == "S"]
        assert found["state"] == "sv_used"
        assert client.alive()


def test_a_server_that_logs_in(make_pooler):
    go = threading.Event()

    def script(session):
        session.startup()
        go.wait(20)
        session.welcome()
        session.read()

    server = FakeServer(script)
    pooler = make_pooler(server=server.address)
    with pooler.console() as console:
        client = pooler.raw()
        client.send(fe.startup({"user": "alice", "database": "app"}))
        until(lambda: console.show("POOLS") and console.pool()["sv_login"] == "1",
              what="a server that logs in")
        assert [row["state"] for row in console.servers()] == ["new"]
        sockets = [row["state"] for row in console.show("SOCKETS") if row["type"] == "S"]
        assert sockets == ["sv_login"]
        go.set()
        client.authenticate("alice", None)
        client.close()
    server.close()


def test_a_server_that_is_to_close(pooler):
    with pooler.console() as console, pooler.connect() as client:
        client.query("BEGIN")
        console.do("RECONNECT")
        assert [row["close_needed"] for row in console.servers()] == ["1"]
        client.query("COMMIT")


def test_a_cancel_that_is_over(pooler):
    """SHOW POOLS counts who asks and what carries it only as long as it takes."""
    with pooler.console() as console, pooler.connect() as client:
        client.send(fe.query("SELECT pg_sleep(30)"))
        until(lambda: console.pool()["sv_active"] == "1", what="it runs")
        client.cancel()
        assert client.read_until("Z").sqlstate == "57014"
        pool = console.pool()
        assert (pool["cl_active_cancel_req"], pool["cl_waiting_cancel_req"]) == ("0", "0")
        assert (pool["sv_active_cancel"], pool["sv_being_canceled"]) == ("0", "0")


def test_the_console_s_own_rows(pooler):
    with pooler.console() as console:
        pool = row(console.show("POOLS"), database="pgbouncer")
        assert (pool["user"], pool["cl_active"], pool["sv_active"], pool["pool_mode"]) == (
            "pgbouncer", "1", "0", "statement")
        found = row(console.show("DATABASES"), name="pgbouncer")
        assert found == {
            "name": "pgbouncer", "host": None, "port": str(pooler.port), "database": "pgbouncer",
            "force_user": "pgbouncer", "pool_size": "2", "min_pool_size": "0",
            "reserve_pool_size": "0", "server_lifetime": "3600", "pool_mode": "statement",
            "load_balance_hosts": None, "max_connections": "0", "current_connections": "0",
            "max_client_connections": "0", "current_client_connections": "1", "paused": "0",
            "disabled": "0"}
        assert "pgbouncer" in {row["name"] for row in console.show("USERS")}
        assert "pgbouncer" in {row["database"] for row in console.show("STATS")}


def test_a_plain_database(make_pooler):
    pooler = make_pooler(settings={"default_pool_size": 4, "server_lifetime": 77,
                                   "reserve_pool_size": 3, "min_pool_size": 1,
                                   "max_db_connections": 9, "max_db_client_connections": 11})
    with pooler.console() as console, pooler.connect():
        found = row(console.show("DATABASES"), name="app")
        host, port = pooler.cluster.address
        assert found == {
            "name": "app", "host": host, "port": str(port), "database": "app",
            "force_user": None, "pool_size": "4", "min_pool_size": "1", "reserve_pool_size": "3",
            "server_lifetime": "77", "pool_mode": None, "load_balance_hosts": None,
            "max_connections": "9", "current_connections": found["current_connections"],
            "max_client_connections": "11", "current_client_connections": "1", "paused": "0",
            "disabled": "0"}


def test_users(make_pooler):
    pooler = make_pooler(users={
        "bob": "pool_size=7 pool_mode=session max_user_connections=3 reserve_pool_size=2 "
               "max_user_client_connections=5"})
    with pooler.console() as console, pooler.connect("bob") as client:
        client.query("BEGIN")
        users = console.show("USERS")
        found = row(users, name="bob")
        assert (found["pool_size"].strip(), found["reserve_pool_size"].strip()) == ("7", "2")
        assert len(found["pool_size"]) == 9
        assert (found["pool_mode"], found["max_user_connections"], found["current_connections"],
                found["max_user_client_connections"], found["current_client_connections"]) == (
            "session", "3", "1", "5", "1")
        alice = row(users, name="alice")
        assert (alice["pool_size"], alice["reserve_pool_size"], alice["pool_mode"]) == (
            "", "", None)
        client.query("COMMIT")


def test_state(pooler):
    def state():
        return [tuple(row.values()) for row in console.show("STATE")]

    with pooler.console() as console:
        assert state() == [("active", "yes"), ("paused", "no")]
        console.do("PAUSE")
        assert state() == [("active", "no"), ("paused", "yes")]
        console.do("RESUME")


def test_totals(pooler):
    names = ("server_assignment_count xact_count query_count client_bytes server_bytes xact_time "
             "query_time wait_time ps_client_parse_count ps_server_parse_count ps_bind_count "
             "client_login_count").split()
    with pooler.console() as console, pooler.connect() as client:
        client.alive()
        rows = console.show("TOTALS")
        assert [row["name"] for row in rows] == [
            f"{kind}_{name}" for kind in ("total", "avg") for name in names]
        totals = {row["name"]: int(row["value"]) for row in rows}
        assert totals["total_query_count"] >= 1 and totals["total_client_login_count"] >= 2


def test_averages(make_pooler):
    """Counts per second, and the time of one, over the last stats_period."""
    pooler = make_pooler(settings={"stats_period": 1})
    with pooler.console() as console, pooler.connect() as client:
        def busy():
            client.query("SELECT pg_sleep(0.01)")
            stats = row(console.show("STATS"), database="app")
            averages = row(console.show("STATS_AVERAGES"), database="app")
            return (int(stats["avg_query_count"]) >= 1 and int(averages["query_count"]) >= 1
                    and int(stats["avg_query_time"]) > 9000)

        until(busy, timeout=20, what="averages of the last second")


def test_peers(make_pooler):
    pooler = make_pooler(settings={"peer_id": 1},
                         extra="[peers]\n1 = host=/tmp\n2 = host=127.0.0.1 port=7777 pool_size=3\n")
    with pooler.console() as console:
        rows = {found["peer_id"]: found for found in console.show("PEERS")}
        assert (rows["2"]["host"], rows["2"]["port"], rows["2"]["pool_size"]) == (
            "127.0.0.1", "7777", "3")
        assert rows["1"]["host"] == "/tmp"


def test_lists_count(make_pooler):
    pooler = make_pooler(databases={"app": {}, "other": {}})
    with pooler.console() as console, pooler.connect() as one, pooler.connect() as two:
        one.query("BEGIN")
        two.alive()
        items = {found["list"]: int(found["items"]) for found in console.show("LISTS")}
        assert items["databases"] == 3 and items["used_clients"] == 3
        assert items["login_clients"] == 0 and items["used_servers"] == 2
        assert items["peers"] == items["peer_pools"] == 0
        one.query("COMMIT")


def test_words_in_capitals_and_blanks(pooler):
    with pooler.console() as console:
        for command in ("show version", "SHOW VERSION", "  Show\tVersion  ;  ", "SELECT VERSION"):
            assert len(console.do(command).rows) == 1, command


@pytest.mark.parametrize("command", [
    "BEGIN", "SELECT 1", "SHOW VERSION; SHOW VERSION", "-- comment", "/* comment */ SHOW VERSION",
    "PAUSE 'app'", "SET", "SET x", "SHOW", "SHUTDOWN NOW", "RELOAD app", "SUSPEND",
    "SET default_pool_size TO"])
def test_what_is_no_command(pooler, command):
    with pooler.console() as console:
        error = console.run(command).error
        assert error["M"] == f"invalid command '{command}', use SHOW HELP;"
        assert (error["S"], error["C"]) == ("ERROR", "08P01")
        assert console.show("VERSION")


@pytest.mark.parametrize("command", [
    "abcdefghijklmnop", "PAUSE " + "d" * 64, "SET query_timeout = '" + "1" * 256 + "'"])
def test_what_is_too_long(pooler, command):
    with pooler.console() as console:
        assert console.run(command).error["M"] == "bad arguments"


@pytest.mark.parametrize("verb, text", [
    ("RECONNECT", "cannot reconnect admin db: pgbouncer"),
    ("DISABLE", "cannot disable admin db: pgbouncer"),
    ("ENABLE", "cannot enable admin db: pgbouncer"),
    ("WAIT_CLOSE", "cannot wait in admin db: pgbouncer"),
    ("RESUME", "database pgbouncer is not paused")])
def test_commands_for_the_console_itself(pooler, verb, text):
    with pooler.console() as console:
        assert console.run(f"{verb} pgbouncer").error["M"] == text


@pytest.mark.parametrize("verb", ["KILL", "RESUME", "DISABLE", "ENABLE", "WAIT_CLOSE"])
def test_databases_that_are_not_there(pooler, verb):
    with pooler.console() as console:
        assert console.run(f"{verb} nosuch").error["M"] == "no such database: nosuch"


def test_any_name_with_a_star(make_pooler):
    """PAUSE makes the database that it names."""
    pooler = make_pooler(databases={"*": {"dbname": "app"}})
    with pooler.console() as console:
        assert console.do("PAUSE made_up").tags == ["PAUSE"]
        assert row(console.show("DATABASES"), name="made_up")["paused"] == "1"
        console.do("RESUME made_up")
        with pooler.connect(database="made_up") as client:
            assert client.alive()


def test_commands_that_change_nothing(pooler):
    with pooler.console() as console:
        assert console.do("ENABLE app").tags == ["ENABLE"]
        assert console.do("WAIT_CLOSE").tags == ["WAIT_CLOSE"]
        assert console.do("WAIT_CLOSE app").tags == ["WAIT_CLOSE"]
        assert console.do("RELOAD").tags == ["RELOAD"]
        for word in ("default_transaction_isolation", "client_encoding"):
            assert console.do(f"SHOW {word}").columns == [word]
        (notice,) = console.do("SET client_encoding = 'UTF8'").notices
        assert notice["M"] == "SET ignored"
        assert console.run("SET application_name = 'x'").error["M"] == "SET failed"


def test_kill_of_everything(cluster, make_pooler):
    """Clients and servers go, and each database is paused on its own."""
    pooler = make_pooler(databases={"app": {}, "other": {}})
    with pooler.console() as console:
        clients = [pooler.connect(), pooler.connect(database="other")]
        for client in clients:
            client.query("BEGIN")
        assert console.do("KILL").tags == ["KILL"]
        for client in clients:
            assert client.read_to_end().closed
        until(lambda: not cluster.backends(), what="no server is left")
        assert console.run("RESUME").error["M"] == "pooler is not paused"
        paused = {found["name"]: found["paused"] for found in console.show("DATABASES")}
        assert paused == {"app": "1", "other": "1", "pgbouncer": "0"}
        console.do("RESUME app")
        with pooler.connect() as client:
            assert client.alive()


def test_resume_while_it_shuts_down(pooler):
    with pooler.connect() as busy:
        busy.query("BEGIN")
        pooler.may_end = True
        with pooler.console() as console:
            console.do("SHUTDOWN WAIT_FOR_CLIENTS")
            assert console.run("RESUME").error["M"] == "pooler is shutting down"
        busy.query("COMMIT")


def test_auth_type_any_lets_everybody_look(make_pooler):
    pooler = make_pooler(settings={"auth_type": "any"}, databases={"app": {"user": "alice"}})
    with pooler.console("whoever") as console:
        assert console.show("POOLS") is not None
        assert console.run("RELOAD").error["M"] == "admin access needed"
    with pooler.console() as console:
        assert console.do("RELOAD").tags == ["RELOAD"]
    with pooler.connect("somebody") as client:
        assert client.value("SELECT current_user") == "alice"

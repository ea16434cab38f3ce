"""Settings about servers and pools, most of them the same for Weir and PgBouncer."""

import time

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Refused

EMPTY = "the pool is gone"


def pools(console):
    return {(row["database"], row["user"]) for row in console.show("POOLS")}


def test_reset_query_in_every_mode(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}}, settings={
        "server_reset_query_always": 1,
        "server_reset_query": "CREATE TEMPORARY TABLE IF NOT EXISTS been_reset (id int)"})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SELECT 1")
        assert two.value("SELECT to_regclass('pg_temp.been_reset') IS NOT NULL") == "t"


def test_discard_all_in_every_mode(make_pooler):
    """Prepared statements and settings of the clients survive it."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}},
                         settings={"server_reset_query_always": 1})
    with pooler.connect(parameters={"application_name": "one"}) as one, pooler.connect() as two:
        one.exchange(fe.parse("s", "SELECT 'mine'"), fe.sync())
        two.exchange(fe.parse("s", "SELECT 'other'"), fe.sync())
        for _ in range(3):
            assert one.exchange(fe.bound("s"), fe.sync()).value == "mine"
            assert two.exchange(fe.bound("s"), fe.sync()).value == "other"
            assert one.value("SHOW application_name") == "one"


def test_fast_close(make_pooler):
    """In session mode a server that is to go goes with its client, but not in a transaction."""
    pooler = make_pooler(settings={"pool_mode": "session", "server_fast_close": 1})
    with pooler.console() as console:
        idle, busy = pooler.connect(), pooler.connect()
        idle.query("SELECT 1")
        busy.query("BEGIN")
        console.do("RECONNECT")
        check(idle.read_to_end().errors[-1], "database configuration changed")
        assert busy.query("SELECT 1").status == "T"
        busy.send(fe.query("COMMIT"))
        check(busy.read_to_end().errors[-1], "database configuration changed")


def test_without_fast_close(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "session"})
    with pooler.console() as console, pooler.connect() as client:
        before = client.value("SELECT pg_backend_pid()")
        console.do("RECONNECT")
        assert client.silent_for(0.5) == []
        assert client.value("SELECT pg_backend_pid()") == before


@pytest.mark.weir_only("PgBouncer takes localhost for ::1 alone")
def test_hosts_in_turn(make_pooler):
    """Two names of one server: connections go to both."""
    pooler = make_pooler(databases={"app": {"host": "127.0.0.1,localhost", "pool_size": 4}})
    with pooler.console() as console:
        clients = [pooler.connect() for _ in range(4)]
        for client in clients:
            client.query("BEGIN")
        (row,) = [row for row in console.show("DATABASES") if row["name"] == "app"]
        assert row["load_balance_hosts"] == "round-robin"
        assert {row["addr"] for row in console.servers()} == {"127.0.0.1", "localhost"}
        for client in clients:
            client.close()


def test_one_host_until_it_fails(make_pooler):
    """Nobody listens on the first one: it is tried once, then the second serves alone."""
    pooler = make_pooler(databases={"app": {
        "host": "127.0.0.77,127.0.0.1", "load_balance_hosts": "disable", "pool_size": 3}},
        settings={"server_login_retry": 1})
    with pooler.console() as console:
        until(lambda: connects(pooler), what="the second host is reached")
        clients = [pooler.connect() for _ in range(3)]
        for client in clients:
            client.query("BEGIN")
        assert {row["addr"] for row in console.servers()} == {"127.0.0.1"}
        (row,) = [row for row in console.show("DATABASES") if row["name"] == "app"]
        assert row["load_balance_hosts"] == "disable"
        for client in clients:
            client.close()


def connects(pooler):
    try:
        pooler.connect().close()
    except Refused:
        return False
    return True


def test_idle_pools_are_dropped(make_pooler):
    pooler = make_pooler(settings={"pool_idle_timeout": 1, "server_idle_timeout": 1})
    with pooler.console() as console:
        with pooler.connect() as client:
            client.alive()
            time.sleep(2)
            assert ("app", "alice") in pools(console)
        until(lambda: ("app", "alice") not in pools(console), timeout=20, what=EMPTY)
        assert "cleaning up idle pool for user alice on db app because: pool idle timeout" in (
            pooler.log())
        with pooler.connect() as client:
            assert client.alive()


def test_automatic_databases_are_dropped(make_pooler):
    pooler = make_pooler(databases={"*": {"dbname": "app"}, "app": {}}, settings={
        "autodb_idle_timeout": 1, "server_idle_timeout": 1})
    with pooler.console() as console:
        with pooler.connect(database="made_up") as client, pooler.connect() as other:
            assert client.alive() and other.alive()
            assert "registered new auto-database: made_up" in pooler.log()
        until(lambda: "made_up" not in {row["name"] for row in console.show("DATABASES")},
              timeout=20, what="the database is gone")
        assert ("app", "alice") in pools(console)
        if KIND == "weir":  # PgBouncer's line comes with verbose only
            assert "dropping database 'made_up' as it does not exist anymore or inactive" in (
                pooler.log())


def test_other_configuration_file(make_pooler):
    pooler = make_pooler()
    with open(pooler.ini, encoding="utf-8") as old:
        text = old.read()
    other = pooler.directory.write("other.ini", text + "\nquery_timeout = 77\n"
                                   if text.rstrip().rsplit("[", 1)[1].startswith("pgbouncer")
                                   else text.replace("[pgbouncer]\n",
                                                     "[pgbouncer]\nquery_timeout = 77\n"))
    with pooler.console() as console:
        assert console.config("conffile") == pooler.ini
        console.do(f"SET conffile = '{other}'")
        assert console.config("query_timeout") == "0"
        console.do("RELOAD")
        assert console.config("query_timeout") == "77"

"""Reading the configuration again: whole or not at all, and nobody is dropped."""

import threading

import pytest

from harness.errors import check
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Closed, Refused


def test_reload_by_signal(pooler):
    with pooler.console() as console, pooler.connect() as client:
        pooler.configure(settings={"default_pool_size": 7, "query_timeout": 33},
                         databases={"app": {}, "fresh": {}})
        pooler.signal("HUP")
        until(lambda: console.config("default_pool_size") == "7", what="the new size")
        assert console.config("query_timeout") == "33"
        with pooler.connect(database="fresh") as fresh:
            assert fresh.alive()
        assert client.alive()


@pytest.mark.parametrize("how", ["signal", "console"])
@pytest.mark.parametrize("broken", [
    "nonsense line\n", "no_such_key = 1\n", "default_pool_size = lots\n", "[nosuch]\nx = 1\n",
    "%include /nonexistent/file\n"])
@pytest.mark.pgbouncer_differs("what stands before the broken line is applied", strict=False)
def test_broken_file_keeps_all_of_the_old(make_pooler, how, broken):
    settings = {"query_timeout": 44, "default_pool_size": 3}
    pooler = make_pooler(settings=settings)
    with pooler.console() as console, pooler.connect() as client:
        before = {row["key"]: row["value"] for row in console.show("CONFIG")}
        pooler.configure(settings={"query_timeout": 55, "default_pool_size": 4},
                         databases={"app": {"pool_size": 9}, "fresh": {}}, extra=broken)
        if how == "console":
            error = console.run("RELOAD").error
            assert error["M"] == "RELOAD failed, see logs for additional details"
            assert error["C"] == "F0000"
        else:
            size = len(pooler.log())
            pooler.signal("HUP")
            until(lambda: "pool.ini:" in pooler.log()[size:], what="a complaint with its line")
        assert {row["key"]: row["value"] for row in console.show("CONFIG")} == before
        names = [row["name"] for row in console.show("DATABASES")]
        assert "fresh" not in names
        assert client.alive()
        pooler.configure(settings={"query_timeout": 66})
        console.do("RELOAD")
        assert console.config("query_timeout") == "66"


def test_keys_taken_out_go_back_to_their_default(make_pooler):
    pooler = make_pooler(settings={"query_timeout": 44})
    with pooler.console() as console:
        pooler.configure()
        console.do("RELOAD")
        assert console.config("query_timeout") == "0"


def test_database_taken_out(make_pooler):
    pooler = make_pooler(databases={"app": {}, "old": {}})
    with pooler.console() as console, pooler.connect() as stays:
        goes = pooler.connect(database="old")
        goes.alive()
        pooler.configure(databases={"app": {}})
        console.do("RELOAD")
        check(goes.read_to_end(timeout=15).error, "database removed")
        assert stays.alive()
        with pytest.raises(Refused) as refusal:
            pooler.connect(database="old")
        check(refusal.value.error, "no such database: {}", "old")


def test_database_points_elsewhere(make_pooler):
    """Clients stay; their next transaction goes to the new place."""
    pooler = make_pooler(databases={"app": {}})
    with pooler.console() as console, pooler.connect() as client:
        assert client.value("SELECT current_database()") == "app"
        pooler.configure(databases={"app": {"dbname": "postgres"}})
        console.do("RELOAD")
        until(lambda: client.value("SELECT current_database()") == "postgres", what="the new place")


@pytest.mark.pgbouncer_differs("a forced user stays until the restart")
def test_forced_user_taken_away(make_pooler):
    pooler = make_pooler(databases={"app": {"user": "bob"}})
    with pooler.console() as console:
        with pooler.connect() as client:
            assert client.value("SELECT current_user") == "bob"
        pooler.configure(databases={"app": {}})
        console.do("RELOAD")
        with pooler.connect() as client:
            assert client.value("SELECT current_user") == "alice"


def test_reload_under_load(pooler):
    """Nobody notices twenty reloads."""
    stop, failures = threading.Event(), []

    def work(number):
        try:
            with pooler.connect() as client:
                while not stop.is_set():
                    assert client.query(f"SELECT {number}").rows == [(str(number),)]
        except Exception as failure:  # to be raised by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    with pooler.console() as console:
        for turn in range(20):
            pooler.configure(settings={"default_pool_size": 1 + turn % 4})
            console.do("RELOAD")
    stop.set()
    for thread in threads:
        thread.join(20)
    assert not failures, failures


def test_smaller_pool_after_reload(cluster, make_pooler):
    pooler = make_pooler(settings={"default_pool_size": 4})
    clients = [pooler.connect() for _ in range(4)]
    for client in clients:
        client.query("BEGIN")
    with pooler.console() as console:
        pooler.configure(settings={"default_pool_size": 1})
        console.do("RELOAD")
    for client in clients:
        assert client.query("COMMIT").status == "I"
    until(lambda: (clients[0].alive(), len(cluster.backends()))[1] == 1, timeout=20,
          what="one server is left")
    assert all(client.alive() for client in clients)


def test_database_named_pgbouncer(make_pooler):
    """The name belongs to the console: the entry is ignored with a warning, or refused."""
    pooler = make_pooler(wait=False, databases={"app": {}, "pgbouncer": {}})
    until(lambda: 'database name "pgbouncer" is reserved' in pooler.log(), what="the warning")
    if KIND == "pgbouncer":
        assert pooler.wait() == 1
        pooler.process.returncode = 0
        return
    until(lambda: pooler.alive and _answers(pooler), what="service")
    with pooler.connect() as client, pooler.console() as console:
        assert client.alive() and console.show("VERSION")


def _answers(pooler):
    try:
        pooler.connect().close()
        return True
    except (OSError, Closed, Refused):
        return False


@pytest.mark.parametrize("broken, word", [
    ("nonsense line\n", "nonsense"), ("no_such_key = 1\n", "no_such_key"),
    ("max_client_conn = lots\n", "max_client_conn"), ("pool_mode = sometimes\n", "pool_mode")])
def test_broken_file_at_the_start(make_pooler, broken, word):
    pooler = make_pooler()
    pooler.signal("QUIT")
    assert pooler.wait() == 0
    # The broken line must stand in [pgbouncer], the only section that all poolers share.
    text = open(pooler.ini, encoding="utf-8").read()
    pooler.directory.write("pool.ini", text.replace("[pgbouncer]\n", "[pgbouncer]\n" + broken))
    pooler.start(wait=False)
    assert pooler.wait() == 1
    assert word in pooler.log() or "pool.ini" in pooler.log()
    pooler.process.returncode = 0

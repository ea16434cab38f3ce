"""The control commands of the console."""

import time

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.waiting import until
from harness.wire import Refused


def test_pause_and_resume(cluster, pooler):
    """PAUSE answers when every server is closed; clients wait and are served after RESUME."""
    with pooler.console() as console, pooler.connect() as client, pooler.connect() as other:
        other.alive()
        client.query("BEGIN")
        console.connection.send(fe.query("PAUSE"))
        assert console.connection.silent_for(0.3) == []
        assert client.query("SELECT 1").status == "T"
        client.query("COMMIT")
        assert console.connection.read_until("Z").tags == ["PAUSE"]
        until(lambda: not cluster.backends(), what="no server is left")
        client.send(fe.query("SELECT 'after'"))
        assert client.silent_for(0.5) == []
        assert {row["key"]: row["value"] for row in console.show("STATE")}["paused"] == "yes"
        assert console.run("PAUSE").error["M"] == "already paused"
        assert console.do("RESUME").tags == ["RESUME"]
        assert client.read_until("Z").value == "after"
        assert other.alive()


def test_pause_of_one_database(make_pooler):
    pooler = make_pooler(databases={"app": {}, "other": {}})
    with pooler.console() as console, pooler.connect() as client, \
            pooler.connect(database="other") as other:
        assert console.do('PAUSE "app"').tags == ["PAUSE"]
        client.send(fe.query("SELECT 'after'"))
        assert client.silent_for(0.3) == []
        assert other.alive()
        paused = {row["name"]: row["paused"] for row in console.show("DATABASES")}
        assert (paused["app"], paused["other"]) == ("1", "0")
        console.do("RESUME app")
        assert client.read_until("Z").value == "after"


def test_pause_of_a_database_survives_reload(pooler):
    with pooler.console() as console, pooler.connect() as client:
        console.do("PAUSE app")
        console.do("RELOAD")
        client.send(fe.query("SELECT 'after'"))
        assert client.silent_for(0.3) == []
        console.do("RESUME app")
        assert client.read_until("Z").value == "after"


def test_waiting_while_paused_times_out(make_pooler):
    pooler = make_pooler(settings={"query_wait_timeout": 1})
    with pooler.console() as console:
        client = pooler.connect()
        console.do("PAUSE")
        client.send(fe.query("SELECT 1"))
        check(client.read_to_end(timeout=15).error, "query_wait_timeout")


def test_new_client_while_paused(pooler):
    """It comes in and is served after RESUME."""
    with pooler.console() as console:
        pooler.connect().close()
        console.do("PAUSE")
        client = pooler.raw()
        client.send(fe.startup({"user": "alice", "database": "app"}), fe.query("SELECT 'in'"))
        time.sleep(0.3)
        console.do("RESUME")
        client.authenticate("alice", None)
        assert client.read_until("Z").value == "in"
        client.close()


@pytest.mark.parametrize("command", ["RECONNECT", "RECONNECT app"])
def test_reconnect(pooler, command):
    """Servers are replaced as they become free, without an error."""
    with pooler.console() as console, pooler.connect() as idle, pooler.connect() as busy:
        busy.query("BEGIN")
        kept = busy.value("SELECT pg_backend_pid()")
        before = idle.value("SELECT pg_backend_pid()")
        assert console.do(command).tags == ["RECONNECT"]
        assert idle.value("SELECT pg_backend_pid()") not in (before, kept)
        assert busy.value("SELECT pg_backend_pid()") == kept
        console.connection.send(fe.query("WAIT_CLOSE"))
        assert console.connection.silent_for(0.3) == []
        busy.query("COMMIT")
        assert console.connection.read_until("Z").tags == ["WAIT_CLOSE"]
        assert busy.value("SELECT pg_backend_pid()") not in (before, kept)


def test_kill(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {}, "other": {}})
    with pooler.console() as console, pooler.connect(database="other") as other:
        client, busy = pooler.connect(), pooler.connect()
        busy.query("BEGIN")
        console.do("KILL app")
        check(client.read_to_end().error, "database removed")
        check(busy.read_to_end().error, "database removed")
        assert other.alive()
        assert {row["name"]: row["paused"] for row in console.show("DATABASES")}["app"] == "1"
        console.do("RESUME app")
        with pooler.connect() as again:
            assert again.alive()


def test_kill_client(pooler):
    with pooler.console() as console, pooler.connect() as other:
        client = pooler.connect(parameters={"application_name": "victim"})
        client.query("BEGIN")
        (row,) = [row for row in console.clients() if row["application_name"] == "victim"]
        assert console.do(f"KILL_CLIENT {row['id']}").tags == ["KILL_CLIENT"]
        check(client.read_to_end().error, "admin forced disconnect")
        assert other.alive()
        assert console.run(f"KILL_CLIENT {row['id']}").error["M"] == "client not found"


def test_disable_and_enable(pooler):
    with pooler.console() as console, pooler.connect() as inside:
        assert console.do("DISABLE app").tags == ["DISABLE"]
        with pytest.raises(Refused) as refusal:
            pooler.connect()
        check(refusal.value.error, 'database "{}" is disabled', "app")
        assert inside.alive()
        assert {row["name"]: row["disabled"] for row in console.show("DATABASES")}["app"] == "1"
        assert console.do("ENABLE app").tags == ["ENABLE"]
        with pooler.connect() as client:
            assert client.alive()


def test_set(pooler):
    with pooler.console() as console:
        assert console.do("SET default_pool_size = 1").tags == ["SET default_pool_size=1"]
        assert console.config("default_pool_size") == "1"
        with pooler.connect() as one, pooler.connect() as two:
            one.query("BEGIN")
            two.send(fe.query("SELECT 'served'"))
            assert two.silent_for(0.3) == []
            console.do("SET default_pool_size TO '2'")
            assert two.read_until("Z").value == "served"
            one.query("COMMIT")
        console.do("SET query_wait_timeout = 77")
        console.do("RELOAD")
        assert console.config("query_wait_timeout") == "120"


def test_set_max_client_conn(pooler):
    with pooler.console() as console, pooler.connect() as client:
        console.do("SET max_client_conn = 1")
        with pytest.raises(Refused) as refusal:
            pooler.connect()
        check(refusal.value.error, "no more connections allowed (max_client_conn)")
        assert client.alive()
        console.do("SET max_client_conn = 10")
        with pooler.connect() as other:
            assert other.alive()


def test_shutdown(pooler):
    client, console = pooler.connect(), pooler.console()
    pooler.may_end = True
    console.connection.send(fe.query("SHUTDOWN"))
    assert pooler.wait() == 0
    assert client.read_to_end().closed


def test_shutdown_wait_for_servers(pooler):
    """Transactions end in peace, idle and waiting clients are told, then it is gone."""
    busy, idle = pooler.connect(), pooler.connect()
    idle.alive()
    busy.query("BEGIN")
    pooler.may_end = True
    assert pooler.console().do("SHUTDOWN WAIT_FOR_SERVERS").tags == ["SHUTDOWN"]
    time.sleep(0.3)
    assert pooler.alive
    assert busy.query("SELECT 'still'").value == "still"
    assert busy.query("COMMIT").status == "I"
    assert pooler.wait() == 0


def test_shutdown_wait_for_clients(pooler):
    """Whoever is in may work until it leaves; nobody new comes in."""
    client = pooler.connect()
    pooler.may_end = True
    console = pooler.console()
    assert console.do("SHUTDOWN WAIT_FOR_CLIENTS").tags == ["SHUTDOWN"]
    console.connection.close()
    time.sleep(0.5)
    assert pooler.alive and client.alive()
    with pytest.raises((OSError, Refused)):
        pooler.connect(timeout=2)
    client.close()
    assert pooler.wait() == 0


def test_many_consoles_at_once(pooler):
    consoles = [pooler.console() for _ in range(10)]
    with pooler.connect() as client:
        for _ in range(5):
            for console in consoles:
                console.connection.send(fe.query("SHOW POOLS"), fe.query("SHOW CLIENTS"))
            assert client.alive()
            for console in consoles:
                reply = console.connection.read_until("Z", 2)
                assert reply.tags == ["SHOW", "SHOW"]
    for console in consoles:
        console.connection.close()

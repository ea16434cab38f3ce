"""Replication connections: a server connection of their own, in every pool mode."""

import os
import struct
import subprocess
import time

import pytest

from harness import frontend as fe
from harness.account import Directory, spawn_options
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Closed, Connection, Refused

PHYSICAL = {"replication": "true"}
LOGICAL = {"replication": "database"}
USERS = {"postgres": "", "alice": "", "console": ""}


@pytest.fixture
def replicas(make_pooler):
    """A pooler with an entry for the database that physical tools name."""
    def make(**configuration):
        configuration.setdefault("userlist", USERS)
        configuration.setdefault("databases", {"app": {}, "replication": {"dbname": "app"}})
        return make_pooler(**configuration)
    return make


def connect(pooler, kind=PHYSICAL, user="postgres", **options):
    return pooler.connect(user, password="", parameters=kind, **options)


def walsenders(cluster, where="true"):
    """Of all replication connections, those that stream and those that do not."""
    return cluster.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender' "
                           f"AND ({where})").dicts


def streaming(cluster):
    return cluster.execute("SELECT pid FROM pg_stat_replication").dicts


def position(connection):
    return connection.query("IDENTIFY_SYSTEM").dicts[0]["xlogpos"]


def start(connection, command):
    connection.send(fe.query(command))
    assert connection.read_until("W").kinds()[-1] == "W"


def status_update(location, reply=False):
    high, low = (int(part, 16) for part in location.split("/"))
    at = high << 32 | low
    return fe.copy_data(b"r" + struct.pack("!QQQqB", at, at, at, 0, reply))


@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
@pytest.mark.parametrize("kind", [PHYSICAL, LOGICAL], ids=["physical", "logical"])
def test_own_connection(cluster, replicas, mode, kind):
    pooler = replicas(settings={"pool_mode": mode})
    with connect(pooler, kind) as one, connect(pooler, kind) as two:
        for connection in (one, two):
            for _ in range(2):
                reply = connection.query("IDENTIFY_SYSTEM")
                assert len(reply.rows) == 1, reply.explain()
        with pooler.console() as console:
            name = "physical" if kind is PHYSICAL else "logical"
            for side in (console.clients(), console.servers()):
                assert [row["replication"] for row in side] == [name, name]
                assert [row["state"] for row in side] == ["active", "active"]
        assert len(walsenders(cluster)) == 2
    until(lambda: not walsenders(cluster), what="both have ended")
    with pooler.connect() as client, pooler.console() as console:
        assert client.alive()
        assert [row["replication"] for row in console.servers()] == ["none"]


@pytest.mark.parametrize("value, kind", [
    ("TRUE", "physical"), ("1", "physical"), ("on", "physical"), ("y", "physical"),
    ("database", "logical"), ("false", "none"), ("0", "none"), ("OFF", "none"), ("no", "none")])
def test_spellings(replicas, value, kind):
    pooler = replicas()
    with connect(pooler, {"replication": value}), pooler.console() as console:
        (row,) = console.clients()
        assert row["replication"] == kind


@pytest.mark.pgbouncer_differs("takes it for none")
def test_spelling_that_is_none(replicas):
    with pytest.raises(Refused) as refused:
        connect(replicas(), {"replication": "sometimes"})
    assert refused.value.error["M"] == 'invalid value for parameter "replication": "sometimes"'


def test_startup_parameters_are_its_own(cluster, replicas):
    pooler = replicas()
    wishes = {**LOGICAL, "options": "-c work_mem=7MB -c wal_sender_timeout=77s",
              "application_name": "the replica", "DateStyle": "German"}
    with connect(pooler, wishes) as replica, pooler.connect("postgres", password="") as plain:
        assert replica.value("SHOW work_mem") == "7MB"
        assert replica.value("SHOW wal_sender_timeout") == "77s"
        assert replica.value("SHOW application_name") == "the replica"
        assert replica.value("SHOW DateStyle") == "German, DMY"
        assert plain.value("SHOW work_mem") == "4MB"
        # Whatever it does with its session, it keeps its server to the end.
        pid = replica.value("SELECT pg_backend_pid()")
        for statement in ("SET work_mem = '9MB'", "BEGIN", "SELECT 1", "COMMIT", "DISCARD ALL"):
            assert not replica.query(statement).errors
        assert replica.value("SELECT pg_backend_pid()") == pid


@pytest.mark.pgbouncer_differs("query_timeout ends the stream")
def test_stream_both_ways(cluster, replicas):
    """WAL and keepalives one way, status the other; then commands again on the same connection."""
    pooler = replicas(settings={"query_timeout": 1, "idle_transaction_timeout": 1})
    with connect(pooler) as replica:
        at = position(replica)
        start(replica, f"START_REPLICATION PHYSICAL {at}")
        cluster.execute("CREATE TABLE streamed AS SELECT generate_series(1, 50000) n")
        received = 0
        while received < 1 << 20:
            message = replica.read(timeout=10)
            assert message.kind == "d"
            received += len(message.body)
        time.sleep(1.5)  # longer than query_timeout
        replica.send(status_update(at, reply=True))
        while message.body[:1] != b"k" or message.body[-1:] == b"x":
            message = replica.read(timeout=10)
        replica.send(fe.copy_done())
        reply = replica.read_until("Z", timeout=20)
        assert "c" in reply.kinds() and not reply.errors, reply.kinds()[-20:]
        assert position(replica)
    cluster.execute("DROP TABLE streamed")


def test_client_that_vanishes(cluster, replicas):
    pooler = replicas()
    replica = connect(pooler)
    start(replica, f"START_REPLICATION PHYSICAL {position(replica)}")
    assert len(streaming(cluster)) == 1
    replica.abandon()
    until(lambda: not walsenders(cluster), what="the walsender has ended")
    with pooler.console() as console:
        assert console.servers() == []


def test_server_that_dies(cluster, replicas):
    pooler = replicas()
    replica = connect(pooler)
    start(replica, f"START_REPLICATION PHYSICAL {position(replica)}")
    cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    with pytest.raises(Closed):
        while True:
            replica.read(timeout=10)
    with connect(pooler) as replica:
        assert position(replica)


@pytest.mark.pgbouncer_differs("the login is over before there is a server")
def test_full_pool_gives_up_an_idle_server(cluster, replicas):
    pooler = replicas(settings={"default_pool_size": 2}, weir={"workers": 1})
    clients = [pooler.connect("postgres", password="") for _ in range(2)]
    for client in clients:
        client.query("BEGIN")
    pids = {client.value("SELECT pg_backend_pid()") for client in clients}
    waiting = Connection(pooler.address, 20)
    waiting.send(fe.startup({"user": "postgres", "database": "app", **PHYSICAL}))
    assert not any(message.kind == "Z" for message in waiting.silent_for(0.3))
    clients[0].query("COMMIT")
    waiting.read_until("Z")
    left = {row["pid"] for row in cluster.backends()}
    assert len(left) == 1 and left < pids and len(walsenders(cluster)) == 1
    # The other clients share what is left.
    clients[1].query("COMMIT")
    for client in clients:
        assert client.alive()
    waiting.abandon()


@pytest.mark.pgbouncer_differs("min_pool_size is refilled at once", strict=False)
@pytest.mark.parametrize("limits", [
    {"min_pool_size": 2}, {"max_db_connections": 2}, {"max_user_connections": 2}])
def test_limits_hold(cluster, replicas, limits):
    pooler = replicas(settings={"default_pool_size": 2, **limits})
    with pooler.connect("postgres", password="") as client:
        assert client.alive()
        with connect(pooler) as one, connect(pooler) as two:
            assert position(one) and position(two)
            assert len(cluster.backends()) + len(walsenders(cluster)) == 2
        assert client.alive()


@pytest.mark.parametrize("workers", [3])
def test_idle_server_of_another_worker_makes_way(cluster, replicas, workers):
    pooler = replicas(settings={"default_pool_size": 1}, weir={"workers": workers})
    clients = [pooler.connect("postgres", password="") for _ in range(workers)]
    for client in clients:
        assert client.alive()
    for _ in range(workers):
        with connect(pooler) as replica:
            assert position(replica)
    for client in clients:
        assert client.alive()


@pytest.mark.pgbouncer_differs("the login is over before there is a server")
def test_refusal_is_the_server_s(cluster, replicas):
    """And it harms nobody else in the pool."""
    pooler = replicas()
    with pooler.connect("alice", password="") as client:
        for _ in range(3):
            with pytest.raises(Refused) as refused:
                connect(pooler, user="alice")
            error = refused.value.error
            assert (error["C"], error["M"]) == ("42501", "permission denied to start WAL sender")
        assert client.alive()
        with pooler.connect("alice", password="") as another:
            assert another.alive()


@pytest.mark.parametrize("auth_type", ["scram-sha-256", "md5"])
def test_logins(cluster, replicas, auth_type):
    cluster.execute("ALTER ROLE scram_user REPLICATION")
    try:
        pooler = replicas(settings={"auth_type": auth_type},
                          userlist={"scram_user": cluster.secret_of("scram_user")})
        with pooler.connect("scram_user", parameters=LOGICAL) as replica:
            assert position(replica)
        with pytest.raises(Refused):
            pooler.connect("scram_user", password="wrong", parameters=LOGICAL)
    finally:
        cluster.execute("ALTER ROLE scram_user NOREPLICATION")


# PostgreSQL's own programs

def environment():
    return {**os.environ, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}


def program(cluster, pooler, name, *arguments):
    """Runs one through the pooler."""
    return [os.path.join(cluster.bin, name), "-h", "127.0.0.1", "-p", str(pooler.port),
            "-U", "postgres", *arguments]


@pytest.fixture
def directory():
    made = Directory("replica")
    yield made
    made.remove()


@pytest.mark.parametrize("wal", ["stream", "fetch"])
def test_pg_basebackup(cluster, replicas, directory, wal):
    pooler = replicas()
    cluster.execute("DROP TABLE IF EXISTS big; "
                    "CREATE TABLE big AS SELECT repeat(md5(n::text), 30) t "
                    "FROM generate_series(1, 20000) n")
    target = directory.file("backup")
    command = program(cluster, pooler, "pg_basebackup", "-D", target, "-X", wal, "-c", "fast",
                      "--no-sync")
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120,
                          **spawn_options())
    assert done.returncode == 0, done.stderr
    checked = subprocess.run([os.path.join(cluster.bin, "pg_verifybackup"), target],
                             env=environment(), capture_output=True, text=True, timeout=120,
                             **spawn_options())
    assert checked.returncode == 0, checked.stdout + checked.stderr
    until(lambda: not walsenders(cluster), what="the walsenders have ended")
    cluster.execute("DROP TABLE big")


def running(command, log):
    return subprocess.Popen(command, env=environment(), stdout=log, stderr=log,
                            stdin=subprocess.DEVNULL, **spawn_options())


def ended(process):
    process.terminate()
    process.wait(20)


def test_pg_receivewal(cluster, replicas, directory):
    pooler = replicas()
    target = directory.file("wal")
    os.mkdir(target)
    os.chmod(target, 0o777)
    with open(directory.file("log"), "wb") as log:
        process = running(program(cluster, pooler, "pg_receivewal", "-D", target, "--no-sync",
                                  "--status-interval=1"), log)
        try:
            until(lambda: streaming(cluster), timeout=20, what="it streams")
            for _ in range(2):
                cluster.execute("CREATE TABLE moved (n int); DROP TABLE moved")
                cluster.execute("SELECT pg_switch_wal()")
            until(lambda: [name for name in os.listdir(target) if not name.endswith("partial")],
                  timeout=20, what="a segment is whole")
        finally:
            ended(process)
    until(lambda: not walsenders(cluster), what="the walsender has ended")


def test_pg_recvlogical(cluster, replicas, directory):
    pooler = replicas()
    target = directory.file("changes")
    cluster.execute("DROP TABLE IF EXISTS followed; CREATE TABLE followed (n int)")
    slot = ["-d", "app", "--slot", "followed"]

    def once(*arguments):
        done = subprocess.run(program(cluster, pooler, "pg_recvlogical", *slot, *arguments),
                              env=environment(), capture_output=True, text=True, timeout=60,
                              **spawn_options())
        assert done.returncode == 0, done.stderr

    once("--create-slot", "-P", "test_decoding")
    try:
        with open(directory.file("log"), "wb") as log:
            process = running(program(cluster, pooler, "pg_recvlogical", *slot, "--start",
                                      "-f", target, "--no-loop", "-F", "1", "-s", "1"), log)
            try:
                until(lambda: streaming(cluster), timeout=20, what="it streams")
                with pooler.connect() as client:
                    cluster.execute("GRANT ALL ON followed TO alice")
                    for number in range(200):
                        client.query(f"INSERT INTO followed VALUES ({number})")
                def lines():
                    if not os.path.exists(target):
                        return 0
                    with open(target, encoding="utf-8") as changes:
                        return changes.read().count("INSERT: n[integer]:")
                until(lambda: lines() == 200, timeout=20, what="all changes have come")
            finally:
                ended(process)
        until(lambda: not walsenders(cluster), what="the walsender has ended")
    finally:
        once("--drop-slot")
        cluster.execute("DROP TABLE followed")

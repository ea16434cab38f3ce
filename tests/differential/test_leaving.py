"""Clients that leave at any moment: the server with unread answers goes to nobody."""

import random
import socket
import threading

import pytest

from harness import frontend as fe
from harness.waiting import until

SQL = "SELECT '{0} ' || generate_series(1, 200), repeat('Z', 300)"


def batch_of(marker):
    return (fe.parse("s", SQL.format(marker)) + fe.bound("s") + fe.sync()
            + fe.query(SQL.format(marker)) + fe.run("BEGIN") + fe.run(SQL.format(marker))
            + fe.sync() + fe.run("COMMIT") + fe.sync())


def leave_somewhere(pooler, dice, marker):
    """Sends a random part of a batch, reads a random part of the answers, and goes."""
    client = pooler.connect()
    batch = batch_of(marker)
    client.send(batch[:dice.randrange(1, len(batch) + 1)])
    if wanted := dice.choice([0, 0, 1, 7, 1000, 40000]):
        client.socket.settimeout(0.2)
        try:
            seen = client.socket.recv(wanted)
            assert b" " not in seen or marker.encode() in seen or len(seen) < 200
        except TimeoutError:
            pass
    if dice.random() < 0.3:
        client.close()
    else:
        client.abandon(reset=dice.random() < 0.5)


def stay_and_check(pooler, marker, stop, failures):
    try:
        with pooler.connect() as client:
            while not stop.is_set():
                reply = client.exchange(batch_of(marker), fe.close_statement("s"), fe.sync())
                assert not reply.errors, reply.errors
                assert len(reply.rows) == 600
                assert all(row[0].startswith(marker + " ") for row in reply.rows)
    except Exception as failure:  # to be raised by the main thread
        failures.append(failure)


@pytest.mark.parametrize("size", [1, 2])
def test_clients_killed_at_random_offsets(make_pooler, size):
    """Every row bears its client's marker; whoever stays sees only its own."""
    pooler = make_pooler(databases={"app": {"pool_size": size}})
    stop, failures = threading.Event(), []
    stayers = [threading.Thread(target=stay_and_check,
                                args=(pooler, f"stayer{n}", stop, failures)) for n in range(3)]
    for thread in stayers:
        thread.start()
    dice = random.Random(size)
    for number in range(120):
        leave_somewhere(pooler, dice, f"leaver{number}")
    stop.set()
    for thread in stayers:
        thread.join(30)
    assert not failures, failures
    with pooler.connect() as client:
        assert client.alive()
    with pooler.console() as console:
        until(lambda: not console.clients(), what="every client is forgotten")
        assert int(console.pool()["sv_active"]) == 0
        assert len(console.servers()) <= size


@pytest.mark.parametrize("way", ["fin", "reset", "terminate"])
def test_gone_in_a_transaction(cluster, make_pooler, way):
    """The transaction is rolled back, whatever the way of leaving."""
    cluster.execute("DROP TABLE IF EXISTS half; CREATE TABLE half (a text); "
                    "GRANT ALL ON half TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    client = pooler.connect()
    client.query("BEGIN")
    client.query("INSERT INTO half VALUES ('x')")
    client.close() if way == "terminate" else client.abandon(reset=way == "reset")
    with pooler.connect() as other:
        assert other.value("SELECT count(*) FROM half") == "0"
        assert other.query("SELECT 1").status == "I"


@pytest.mark.parametrize("way", ["fin", "reset"])
def test_gone_in_a_running_query(cluster, make_pooler, way):
    """The server is not given on before it is known to be clean."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    client = pooler.connect()
    client.send(fe.query("SELECT pg_sleep(0.3), 'of the leaver'"))
    until(lambda: cluster.backends("state = 'active'"), what="the query runs")
    client.abandon(reset=way == "reset")
    with pooler.connect() as other:
        for _ in range(5):
            assert other.query("SELECT 'mine'").rows == [("mine",)]


def test_gone_in_a_large_row(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    for wanted in (1, 5, 100, 70000, 3000000):
        client = pooler.connect()
        client.send(fe.query("SELECT repeat('Z', 20000000)"))
        client.read_bytes(wanted)
        client.abandon(reset=True)
        with pooler.connect() as other:
            assert other.alive()


@pytest.mark.pgbouncer_differs("a query in the segment of a Terminate is dropped", strict=False)
def test_terminate_behind_a_pipeline(cluster, make_pooler):
    """What was asked before Terminate is done."""
    cluster.execute("DROP TABLE IF EXISTS done; CREATE TABLE done (a int4); "
                    "GRANT ALL ON done TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    for n in range(5):
        client = pooler.connect()
        client.send(fe.query(f"INSERT INTO done VALUES ({n})"), fe.terminate())
        reply = client.read_to_end()
        assert reply.tags in ([], ["INSERT 0 1"])
    with pooler.connect() as other:
        until(lambda: other.value("SELECT count(*) FROM done") == "5", what="all five inserts")


def test_half_a_message_then_gone(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    whole = fe.parse("s", "SELECT 'never'") + fe.bound("s") + fe.sync()
    for cut in range(1, len(whole), 3):
        client = pooler.connect()
        client.send(whole[:cut])
        client.abandon()
    with pooler.connect() as other:
        assert other.exchange(fe.parse("s", "SELECT 'now'"), fe.bound("s"), fe.sync()
                              ).value == "now"


def test_half_a_message_holds_no_server_for_ever(make_pooler):
    """A client that stops in the middle of its first message does not starve the pool."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as slow, pooler.connect() as quick:
        message = fe.query("SELECT 'slow'")
        slow.send(message[:4])
        assert quick.alive()
        slow.send(message[4:])
        assert slow.read_until("Z").value == "slow"


def test_half_closed_client_gets_its_answer_or_an_end(make_pooler):
    """A client may shut its sending side; it must not hang, and the pool must stay whole."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    client = pooler.connect()
    client.send(fe.query("SELECT 'half'"))
    client.socket.shutdown(socket.SHUT_WR)
    assert client.read_to_end().rows in ([], [("half",)])
    with pooler.connect() as other:
        assert other.alive()

"""Cancel requests: they hit the query they were meant for, or nothing."""

import random
import threading
import time

import pytest

from harness import frontend as fe
from harness.waiting import until
from harness.wire import cancel


def running(cluster, text):
    return cluster.backends(f"state = 'active' AND query LIKE '%{text}%'")


def start_sleep(cluster, client, text="sleeper"):
    client.send(fe.query(f"SELECT pg_sleep(30) /* {text} */"))
    until(lambda: running(cluster, text), what="the query runs")


def test_cancel_hits_the_running_query(cluster, pooler):
    with pooler.connect() as client, pooler.connect() as other:
        start_sleep(cluster, client)
        assert client.cancel(), "ended by RST"
        reply = client.read_until("Z")
        assert reply.sqlstate == "57014"
        assert reply.error["M"] == "canceling statement due to user request"
        assert client.alive() and other.alive()


def test_cancel_in_a_transaction(cluster, pooler):
    with pooler.connect() as client:
        client.query("BEGIN")
        start_sleep(cluster, client)
        client.cancel()
        assert client.read_until("Z").status == "E"
        assert client.query("ROLLBACK").status == "I"


def test_cancel_in_a_pipeline(cluster, pooler):
    with pooler.connect() as client:
        client.send(fe.run("SELECT 1"), fe.run("SELECT pg_sleep(30) /* piped */"),
                    fe.run("SELECT 2"), fe.sync(), fe.query("SELECT 3"))
        until(lambda: running(cluster, "piped"), what="the query runs")
        client.cancel()
        reply = client.read_until("Z", 2)
        assert reply.sqlstate == "57014"
        assert reply.rows == [("1",), ("3",)]


def test_cancel_of_an_idle_client_does_nothing(pooler):
    with pooler.connect() as client, pooler.connect() as other:
        for _ in range(20):
            assert client.cancel()
            assert client.alive()
            assert other.alive()


@pytest.mark.parametrize("change", ["pid", "key", "both"])
def test_cancel_with_a_wrong_key(cluster, pooler, change):
    with pooler.connect() as client:
        start_sleep(cluster, client)
        pid = client.pid ^ (0 if change == "key" else 0x00F0)
        key = client.key if change == "pid" else bytes(byte ^ 0x5A for byte in client.key)
        assert cancel(pooler.address, pid, key)
        assert client.silent_for(0.3) == []
        client.cancel()
        assert client.read_until("Z").sqlstate == "57014"


@pytest.mark.parametrize("length", [0, 1, 3, 5, 32, 256, 300, 5000])
def test_cancel_with_a_key_of_odd_length(cluster, pooler, length):
    with pooler.connect() as client:
        cancel(pooler.address, client.pid, b"k" * length)
        cancel(pooler.address, client.pid, (client.key * 2000)[:length])
        assert client.alive()


def test_keys_differ(pooler):
    clients = [pooler.connect() for _ in range(50)]
    assert len({(client.pid, client.key) for client in clients}) == 50
    assert len({client.key for client in clients}) > 45
    for client in clients:
        client.close()


@pytest.mark.pgbouncer_differs("the cancel of a waiting query is lost")
def test_cancel_of_a_waiting_client(cluster, make_pooler):
    """The waiter's query never runs; its session ends or gets 57014, and others are untouched."""
    cluster.execute("DROP TABLE IF EXISTS must_not_be")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder, pooler.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(fe.query("CREATE TABLE must_not_be (a int4)"))
        assert waiter.silent_for(0.2) == []
        waiter.cancel()
        holder.query("COMMIT")
        assert holder.alive()
        reply = waiter.silent_for(0.5)
        assert reply.closed or reply.sqlstate == "57014", reply.explain()
        assert cluster.execute("SELECT to_regclass('must_not_be') IS NULL").value == "t"


def test_cancel_while_the_pool_is_full(cluster, make_pooler):
    """It needs a connection of its own, beyond pool_size."""
    pooler = make_pooler(databases={"app": {"pool_size": 2, "max_db_connections": 2}})
    with pooler.connect() as one, pooler.connect() as two, pooler.connect() as waiter:
        start_sleep(cluster, one, "first")
        start_sleep(cluster, two, "second")
        waiter.send(fe.query("SELECT 'waited'"))
        two.cancel()
        assert two.read_until("Z").sqlstate == "57014"
        assert waiter.read_until("Z").value == "waited"
        assert one.silent_for(0.1) == []
        one.cancel()
        assert one.read_until("Z").sqlstate == "57014"


def test_late_cancel_hits_nobody_else(cluster, make_pooler, make_proxy):
    """The cancel is under way when its query ends and the next client takes the server."""
    proxy = make_proxy()
    proxy.cancel_delay = 0.4
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": 1}})
    with pooler.connect() as first, pooler.connect() as second:
        for _ in range(3):
            first.send(fe.query("SELECT pg_sleep(0.15), 'first'"))
            time.sleep(0.05)
            thread = threading.Thread(target=first.cancel)
            thread.start()
            assert first.read_until("Z").rows in ([], [("", "first")])
            reply = second.query("SELECT pg_sleep(0.6), 'second'")
            assert not reply.errors, f"a stranger was cancelled: {reply.explain()}"
            thread.join()
        assert proxy.cancels >= 1


def test_late_cancel_hits_no_later_query_of_its_own(make_pooler, make_proxy):
    """The session's next transaction is not hit by a cancel meant for the one before."""
    proxy = make_proxy()
    proxy.cancel_delay = 0.3
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.send(fe.query("SELECT pg_sleep(0.1)"))
        thread = threading.Thread(target=client.cancel)
        thread.start()
        client.read_until("Z")
        reply = client.query("SELECT pg_sleep(0.5), 'next'")
        assert not reply.errors, reply.explain()
        thread.join()


@pytest.mark.parametrize("size", [1, 2])
def test_storm_of_cancels(make_pooler, make_proxy, size):
    """Half of the clients are cancelled all the time at random moments; the others never."""
    proxy = make_proxy()
    proxy.cancel_delay = 0.003
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": size}})
    stop, foreign, own, failures = threading.Event(), [], [], []

    def work(client, marker, hits):
        duration = 0.02 if hits is own else 0.002
        try:
            while not stop.is_set():
                reply = client.query(f"SELECT '{marker}', pg_sleep({duration})")
                if reply.errors:
                    assert reply.sqlstate == "57014", reply.explain()
                    hits.append(marker)
                else:
                    assert reply.rows == [(marker, "")], reply.explain()
        except Exception as failure:  # to be raised by the main thread
            failures.append((marker, failure))

    def storm(target, seed):
        dice = random.Random(seed)
        try:
            while not stop.is_set():
                target.cancel()
                time.sleep(dice.random() * 0.01)
        except Exception as failure:  # to be raised by the main thread
            failures.append(("storm", failure))

    targets = [pooler.connect() for _ in range(3)]
    quiet = [pooler.connect() for _ in range(3)]
    threads = [threading.Thread(target=work, args=(c, f"target{n}", own))
               for n, c in enumerate(targets)]
    threads += [threading.Thread(target=work, args=(c, f"quiet{n}", foreign))
                for n, c in enumerate(quiet)]
    threads += [threading.Thread(target=storm, args=(c, n)) for n, c in enumerate(targets)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not failures, failures
    assert not foreign, f"{len(foreign)} strangers were cancelled, {len(own)} targets"
    for client in targets + quiet:
        assert client.alive()
        client.close()
    assert len(own) > 0, "no cancel hit anything: the storm proves nothing"

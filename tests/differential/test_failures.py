"""Servers that die: idle, queued for, in a query, in the middle of a reply."""

import threading
import time

import pytest

from harness import frontend as fe
from harness.waiting import until
from harness.wire import Closed, Refused, Silence


def serves(pooler, **options):
    """True if a new client gets an answer now."""
    try:
        with pooler.connect(timeout=3, **options) as client:
            return client.alive()
    except (Closed, Refused, Silence, OSError):
        return False


def test_idle_servers_terminated(cluster, make_pooler):
    """A dead idle server is noticed before it is handed out."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        for _ in range(5):
            one.query("BEGIN")
            two.query("SELECT 1")
            one.query("COMMIT")
            cluster.terminate_backends()
            assert one.alive() and two.alive()


@pytest.mark.parametrize("way", ["fin", "reset"])
def test_idle_servers_cut(make_pooler, make_proxy, way):
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": 2}})
    with pooler.connect() as client:
        for _ in range(5):
            assert client.alive()
            proxy.drop_all(reset=way == "reset")
            time.sleep(0.1)
        assert client.alive()


def test_terminated_in_a_query(cluster, make_pooler):
    """The client gets the server's FATAL; nobody else is touched."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as victim, pooler.connect() as other:
        other.alive()
        victim.send(fe.query("SELECT pg_sleep(30) /* victim */"))
        until(lambda: cluster.backends("query LIKE '%victim%' AND state = 'active'"))
        cluster.terminate_backends("query LIKE '%victim%' AND state = 'active'")
        reply = victim.read_to_end()
        assert reply.errors[0]["C"] == "57P01", reply.explain()
        assert reply.errors[0]["M"] == "terminating connection due to administrator command"
        assert other.alive()


def test_terminated_in_an_idle_transaction(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as victim, pooler.connect() as other:
        victim.query("BEGIN")
        victim.query("SELECT 'in the transaction'")
        cluster.terminate_backends()
        reply = victim.read_to_end()
        assert reply.errors, "ended without a word"
        assert other.alive()


def test_terminated_while_others_queue(cluster, make_pooler):
    """Those who only waited get a new server."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder:
        waiters = [pooler.connect() for _ in range(4)]
        holder.query("BEGIN")
        for number, waiter in enumerate(waiters):
            waiter.send(fe.query(f"SELECT 'waiter {number}'"))
        time.sleep(0.1)
        cluster.terminate_backends()
        for number, waiter in enumerate(waiters):
            assert waiter.read_until("Z").value == f"waiter {number}"
            waiter.close()


@pytest.mark.pgbouncer_differs("its error goes into the middle of a half-sent row")
def test_cut_at_every_byte_of_a_reply(cluster, make_pooler, make_proxy):
    """Wherever the reply is cut: what came is right, the end is told, and the pool recovers."""
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": 1}},
                         settings={"server_login_retry": 0.1})
    batch = fe.parse("", "SELECT 'cut', generate_series(1, 2)") + fe.bound("") + fe.sync()
    with cluster.connect() as direct:
        whole = direct.exchange(batch)
    length = sum(len(message.body) + 5 for message in whole)
    for cut in range(0, length, 2):
        until(lambda: serves(pooler), what=f"recovery before the cut at {cut}")
        client = pooler.connect()
        assert client.alive()
        proxy.cut_in(cut, reset=cut % 4 == 2)
        client.send(batch)
        reply = client.read_to_end()
        rows = reply.of("D")
        assert rows == whole.of("D")[:len(rows)], reply.explain()
        assert "Z" not in reply.kinds()
        client.abandon()
    until(lambda: serves(pooler), what="recovery at the end")


@pytest.mark.parametrize("signal", ["INT", "QUIT"])
def test_server_restarts(cluster, make_pooler, signal):
    """Clients that were idle stay; service is back with the server."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}},
                         settings={"server_login_retry": 1})
    with pooler.connect() as idle:
        assert idle.alive()
        cluster.restart(signal)
        until(lambda: serves(pooler), what="new clients are served")
        assert idle.alive()


def test_server_down_at_the_start(cluster, make_pooler):
    """The pooler starts without it, says why, and serves once it is there."""
    cluster.stop()
    pooler = make_pooler(settings={"server_login_retry": 1, "client_login_timeout": 2})
    with pytest.raises((Refused, Closed)):
        pooler.connect(timeout=8)
    cluster.start()
    until(lambda: serves(pooler), what="service")


@pytest.mark.pgbouncer_differs("what it learnt at a pool's first login stays")
def test_new_server_version_is_told(cluster, make_pooler):
    """What the server reports is learnt anew after a restart, not cached for ever."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}}, settings={"server_login_retry": 1})
    with pooler.connect() as client:
        assert client.greeting.parameters["IntervalStyle"] == "postgres"
    cluster.execute("ALTER SYSTEM SET IntervalStyle = 'iso_8601'")
    try:
        cluster.restart()
        until(lambda: serves(pooler))

        def told():
            with pooler.connect() as client:
                shown = client.value("SHOW IntervalStyle")
                return client.greeting.parameters["IntervalStyle"] == shown == "iso_8601"

        until(told, what="the new value is told")
    finally:
        cluster.execute("ALTER SYSTEM RESET IntervalStyle")
        cluster.restart()


def test_no_descriptors_left(make_pooler):
    """EMFILE: new clients fail or wait, those that are in go on, nothing spins, all recovers."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("BEGIN")
        two.alive()
        one.query("COMMIT")
        pooler.limit_descriptors(pooler.descriptors() + 3)
        rush = []
        for _ in range(7):
            rush.append(pooler.raw(timeout=3))
            try:
                rush[-1].send(fe.startup({"user": "alice", "database": "app"}))
            except OSError:
                pass
        time.sleep(0.3)
        before = pooler.cpu_seconds()
        for _ in range(5):
            assert one.alive() and two.alive()
            time.sleep(0.2)
        assert pooler.cpu_seconds() - before < 0.5, "it spins"
        for connection in rush:
            connection.abandon()
        until(lambda: serves(pooler), timeout=30, what="service after the rush")


def test_server_refuses_more_connections(cluster, make_pooler):
    """A limit of the role smaller than the pool: the pool works with what it gets."""
    cluster.execute("ALTER ROLE bob CONNECTION LIMIT 1")
    try:
        pooler = make_pooler(databases={"app": {"pool_size": 5}},
                             settings={"server_login_retry": 1})
        with pooler.connect("bob") as one:
            assert one.alive()
            for _ in range(3):
                with pooler.connect("bob") as two:
                    assert two.alive()
    finally:
        cluster.execute("ALTER ROLE bob CONNECTION LIMIT -1")


def test_wrong_password_towards_the_server(make_pooler):
    """The server's own error reaches the client."""
    pooler = make_pooler(databases={"app": {"user": "scram_user", "password": "wrong"}})
    with pytest.raises(Refused) as refusal:
        pooler.connect()
    assert refusal.value.error["C"] == "28P01"
    assert "scram_user" in refusal.value.error["M"]


def test_hanging_server_does_not_stop_others(cluster, make_pooler, make_proxy):
    """One database's server answers nothing; the other database is served meanwhile."""
    proxy = make_proxy()
    pooler = make_pooler(databases={
        "app": {}, "stuck": {"host": proxy.address[0], "port": proxy.address[1]}})
    with pooler.connect(database="stuck") as stuck:
        assert stuck.alive()
        proxy.hold()
        stuck.send(fe.query("SELECT 'late'"))
        for _ in range(5):
            with pooler.connect() as other:
                assert other.alive()
        proxy.release()
        assert stuck.read_until("Z").value == "late"


def test_flapping_server_under_load(cluster, make_pooler, make_proxy):
    """Random cuts under load: every answer that comes is the right one, and limits stay exact."""
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, databases={"app": {"pool_size": 2}},
                         settings={"server_login_retry": 1})
    stop, wrong, answers = threading.Event(), [], []

    def work(marker):
        while not stop.is_set():
            try:
                with pooler.connect(timeout=5) as client:
                    while not stop.is_set():
                        reply = client.query(f"SELECT '{marker}', generate_series(1, 20)")
                        if any(row[0] != marker for row in reply.rows):
                            wrong.append((marker, reply.rows))
                        answers.append(marker)
            except (Closed, Refused, OSError):
                time.sleep(0.02)
            except Exception as failure:  # to be raised by the main thread
                wrong.append((marker, failure))
                return

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for turn in range(15):
        time.sleep(0.1)
        proxy.drop_all(reset=turn % 2 == 0)
    before = len(answers)
    until(lambda: wrong or len(answers) > before + 50, timeout=20, what="answers in peace")
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not wrong, wrong
    until(lambda: serves(pooler), what="service")
    with pooler.console() as console:
        pool = console.pool()
        assert len(console.servers()) <= 2
        assert int(pool["sv_active"]) == 0 and int(pool["cl_waiting"]) == 0
    # No place in the pool was lost: two can still work at once.
    with pooler.connect() as one, pooler.connect() as two:
        assert one.query("BEGIN").status == "T" and two.query("BEGIN").status == "T"

"""Every timeout: its text, what it does to the server, and that the pool is whole afterwards.

Times are in seconds and generous: a timeout of one second may take ten.
"""

import time

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.waiting import until
from harness.wire import Closed, Refused


def sleepers(cluster):
    return cluster.backends("state = 'active' AND query LIKE '%pg_sleep%'")


@pytest.mark.pgbouncer_differs("the query goes on in the server")
def test_query_timeout_cancels_on_the_server(cluster, make_pooler):
    pooler = make_pooler(settings={"query_timeout": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as client, pooler.connect() as other:
        client.send(fe.query("SELECT pg_sleep(60)"))
        until(lambda: sleepers(cluster), what="the query runs")
        check(client.read_to_end(timeout=15).errors[-1], "query timeout")
        until(lambda: not sleepers(cluster), what="the query is gone from the server")
        assert other.alive()


def test_query_timeout_spares_quick_queries(make_pooler):
    pooler = make_pooler(settings={"query_timeout": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        for _ in range(4):
            assert not client.query("SELECT pg_sleep(0.4)").errors
        client.query("BEGIN")
        time.sleep(1.5)
        assert client.query("COMMIT").status == "I"


def test_transaction_timeout_spares_a_session_that_has_idled(make_pooler):
    """Its next transaction begins when it does, not when the last one ended."""
    pooler = make_pooler(settings={"pool_mode": "session", "transaction_timeout": 1})
    with pooler.connect() as client:
        client.query("SELECT 1")
        time.sleep(1.5)
        assert not client.query("SELECT pg_sleep(0.4)").errors


def test_query_timeout_at_the_instant_of_the_answer(make_pooler):
    """Answer or timeout, never both, and never a foreign row."""
    pooler = make_pooler(settings={"query_timeout": 0.3}, databases={"app": {"pool_size": 1}})
    seen = set()
    for number in range(8):
        client = pooler.connect()
        client.send(fe.query(f"SELECT '{number}', pg_sleep({0.26 + number * 0.01})"))
        try:
            reply = client.read_until("Z")
            assert reply.rows == [(str(number), "")], reply.explain()
            seen.add("answer")
        except Closed as end:
            assert "Z" not in end.reply.kinds(), end.reply.explain()
            seen.add("timeout")
        client.abandon()
        with pooler.connect() as other:
            assert other.query("SELECT 'mine'").rows == [("mine",)]
    assert seen


def test_query_timeout_per_user(make_pooler):
    pooler = make_pooler(users={"bob": "query_timeout=1"}, databases={"app": {"pool_size": 2}})
    with pooler.connect("bob") as client, pooler.connect("alice") as other:
        client.send(fe.query("SELECT pg_sleep(60)"))
        assert not other.query("SELECT pg_sleep(1.5)").errors
        check(client.read_to_end(timeout=15).errors[-1], "query timeout")


def test_query_wait_timeout(make_pooler):
    """And what the client had sent behind it is not taken for a new request."""
    pooler = make_pooler(settings={"query_wait_timeout": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder:
        holder.query("BEGIN")
        waiter = pooler.connect()
        waiter.send(fe.parse("", "SELECT 1"))
        time.sleep(0.3)
        waiter.send(fe.bound(""), fe.sync(), fe.query("SELECT 2"))
        reply = waiter.read_to_end(timeout=15)
        check(reply.error, "query_wait_timeout")
        assert not reply.rows
        assert holder.query("COMMIT").status == "I"
        assert holder.alive()


@pytest.mark.parametrize("where", ["database", "user"])
def test_query_wait_timeout_per_database_and_user(make_pooler, where):
    options = {"databases": {"app": {"pool_size": 1, "query_wait_timeout": 1}}} if (
        where == "database") else {"databases": {"app": {"pool_size": 1}},
                                   "users": {"alice": "query_wait_timeout=1"}}
    pooler = make_pooler(settings={"query_wait_timeout": 100}, **options)
    with pooler.connect() as holder:
        holder.query("BEGIN")
        waiter = pooler.connect()
        waiter.send(fe.query("SELECT 1"))
        check(waiter.read_to_end(timeout=15).error, "query_wait_timeout")


def test_waiting_longer_than_query_timeout(make_pooler):
    pooler = make_pooler(settings={"query_timeout": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder:
        holder.query("BEGIN")
        waiter = pooler.connect()
        waiter.send(fe.query("SELECT 1"))
        check(waiter.read_to_end(timeout=15).error, "query_timeout")
        holder.query("COMMIT")


def test_query_wait_notify(make_pooler):
    """A queued client is told once, then served."""
    pooler = make_pooler(settings={"query_wait_notify": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder, pooler.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(fe.query("SELECT 'served'"))
        reply = waiter.read_until("N", timeout=15)
        (notice,) = reply.notices
        assert notice["S"] == "NOTICE" and notice["C"] == "00000"
        assert notice["M"] == ("No server connection available in postgres backend, "
                               "client being queued")
        assert waiter.silent_for(1.5) == []
        holder.query("COMMIT")
        assert waiter.read_until("Z").value == "served"


def test_query_wait_notify_off(make_pooler):
    pooler = make_pooler(settings={"query_wait_notify": 0}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder, pooler.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(fe.query("SELECT 'served'"))
        assert waiter.silent_for(1.5) == []
        holder.query("COMMIT")
        assert waiter.read_until("Z").value == "served"


def test_idle_transaction_timeout(cluster, make_pooler):
    pooler = make_pooler(settings={"idle_transaction_timeout": 1},
                         databases={"app": {"pool_size": 1}})
    with pooler.connect() as client, pooler.connect() as other:
        client.query("BEGIN")
        assert not client.query("SELECT pg_sleep(1.5)").errors
        check(client.read_to_end(timeout=15).error, "idle transaction timeout")
        assert other.alive()
        time.sleep(1.5)
        assert other.alive()
        assert not cluster.backends("state LIKE 'idle in transaction%'")


def test_transaction_timeout(cluster, make_pooler):
    """Counts from the first statement, through work and idleness."""
    pooler = make_pooler(settings={"transaction_timeout": 2}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as client, pooler.connect() as other:
        for _ in range(3):
            client.query("BEGIN")
            client.query("SELECT pg_sleep(0.2)")
            assert client.query("COMMIT").status == "I"
        client.query("BEGIN")
        client.send(*[fe.query("SELECT pg_sleep(0.5)")] * 60)
        check(client.read_to_end(timeout=20).errors[-1], "transaction timeout")
        assert other.alive()
        assert not cluster.backends("state LIKE 'idle in transaction%'")


def test_client_idle_timeout(make_pooler):
    """Only idle clients outside transactions."""
    pooler = make_pooler(settings={"client_idle_timeout": 1}, databases={"app": {"pool_size": 2}})
    with pooler.connect() as busy, pooler.connect() as idle:
        idle.alive()
        busy.query("BEGIN")
        check(idle.read_to_end(timeout=15).error, "client_idle_timeout")
        assert busy.query("SELECT pg_sleep(1.2)").status == "T"
        assert busy.query("COMMIT").status == "I"


def test_client_login_timeout(make_pooler):
    # Else a connection that says nothing is not accepted before its first bytes.
    pooler = make_pooler(settings={"client_login_timeout": 1, "auth_type": "scram-sha-256",
                                   "tcp_defer_accept": 0})
    silent, half, asked = pooler.raw(), pooler.raw(), pooler.raw()
    half.send(fe.startup({"user": "scram_user", "database": "app"})[:9])
    asked.send(fe.startup({"user": "scram_user", "database": "app"}))
    for connection in (silent, half, asked):
        reply = connection.read_to_end(timeout=15)
        if reply.errors:
            check(reply.error, "client_login_timeout")
        connection.abandon()
    with pooler.connect("scram_user") as client:
        assert client.alive()
        time.sleep(1.5)
        assert client.alive()


def test_server_idle_timeout(cluster, make_pooler):
    pooler = make_pooler(settings={"server_idle_timeout": 1}, databases={"app": {"pool_size": 2}})
    with pooler.connect() as client:
        client.query("BEGIN")
        assert cluster.backends()
        client.query("COMMIT")
        until(lambda: not cluster.backends(), timeout=15, what="idle servers are closed")
        assert client.alive()


def test_server_lifetime(cluster, make_pooler):
    """Old servers are replaced while the client works on without an error."""
    pooler = make_pooler(settings={"server_lifetime": 1}, databases={"app": {"pool_size": 1}})
    seen = set()
    with pooler.connect() as client:
        def replaced():
            seen.add(client.value("SELECT pg_backend_pid()"))
            return len(seen) >= 3

        until(replaced, timeout=30, what="three servers one after another")


def test_server_lifetime_spares_transactions(make_pooler):
    pooler = make_pooler(settings={"server_lifetime": 1}, databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.query("BEGIN")
        first = client.value("SELECT pg_backend_pid()")
        time.sleep(2.5)
        assert client.value("SELECT pg_backend_pid()") == first
        assert client.query("COMMIT").status == "I"
        assert client.alive()


def test_server_connect_timeout(make_pooler, make_proxy):
    """A server that accepts and then says nothing does not hold its clients for ever."""
    proxy = make_proxy()
    proxy.hold()
    pooler = make_pooler(server=proxy.address, settings={
        "server_connect_timeout": 1, "client_login_timeout": 4, "server_login_retry": 1})
    with pytest.raises(Refused) as refusal:
        pooler.connect(timeout=15)
    assert "login" in str(refusal.value) or "connect" in str(refusal.value)
    proxy.release()

    def served():
        try:
            with pooler.connect(timeout=5) as client:
                return client.alive()
        except (Refused, Closed):
            return False

    until(served, timeout=15, what="service once the server answers")


def test_check_query_before_an_old_server_is_used(cluster, make_pooler):
    """With server_check_delay = 0 every hand-over is checked; a dead server is never seen."""
    pooler = make_pooler(settings={"server_check_delay": 0, "server_check_query": "SELECT 1"},
                         databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        for _ in range(5):
            assert client.alive()
            cluster.terminate_backends()
            assert client.alive()

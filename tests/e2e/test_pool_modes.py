"""session, transaction and statement mode, by default, database and user."""

import pytest

from harness import frontend as fe
from harness.errors import check


def waits(client):
    client.send(fe.query("SELECT 'served'"))
    return client.silent_for(0.3) == []


def test_session_mode_keeps_the_server(cluster, make_pooler):
    """Until the client leaves; then the session is reset and the server reused."""
    pooler = make_pooler(settings={"pool_mode": "session", "default_pool_size": 1})
    one, two = pooler.connect(), pooler.connect()
    backend = one.value("SELECT pg_backend_pid()")
    one.query("SET work_mem = '7MB'; CREATE TEMP TABLE t (a int4); LISTEN news; "
              "SELECT pg_advisory_lock(7); PREPARE q AS SELECT 1")
    assert waits(two)
    assert one.value("SHOW work_mem") == "7MB"
    assert one.exchange(fe.parse("s", "SELECT 's'"), fe.sync()).errors == []
    assert one.exchange(fe.bound("s"), fe.sync()).value == "s"
    one.close()
    assert two.read_until("Z").value == "served"
    assert two.value("SELECT pg_backend_pid()") == backend
    assert two.value("SHOW work_mem") == "4MB"
    assert two.query("SELECT * FROM t").sqlstate == "42P01"
    assert two.query("EXECUTE q").sqlstate == "26000"
    assert two.value("SELECT count(*) FROM pg_listening_channels()") == "0"
    assert two.value("SELECT pg_try_advisory_lock(7)") == "t"
    assert two.exchange(fe.bound("s"), fe.sync()).sqlstate == "26000"
    two.close()


@pytest.mark.parametrize("way", ["terminate", "fin", "reset"])
def test_session_mode_in_a_transaction_at_the_end(make_pooler, way):
    pooler = make_pooler(settings={"pool_mode": "session", "default_pool_size": 1})
    one = pooler.connect()
    one.query("BEGIN")
    one.close() if way == "terminate" else one.abandon(reset=way == "reset")
    with pooler.connect() as two:
        assert two.query("SELECT 1").status == "I"


def test_session_mode_is_postgresql(cluster, differential):
    """Everything works as if there were no pooler."""
    batch = fe.parse("s", "SELECT $1::int4") + fe.bound("s", ["1"]) + fe.sync()
    differential([
        fe.query("SET work_mem = '7MB'"), fe.query("SHOW work_mem"), batch, batch,
        fe.bound("nope") + fe.sync(), fe.query("PREPARE q AS SELECT 2"), fe.query("EXECUTE q"),
        fe.query("CREATE TEMP TABLE kept AS SELECT 3 AS three"), fe.query("SELECT * FROM kept"),
        fe.query("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT"), fe.query("FETCH c"),
        fe.query("DISCARD ALL"), batch], settings={"pool_mode": "session"}, ignore=("oids",),
        neighbours="none", sizes=(2,))


def test_server_reset_query(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "session", "default_pool_size": 1,
                                   "server_reset_query": "SET work_mem = '9MB'"})
    with pooler.connect() as one:
        one.query("SET work_mem = '7MB'")
    with pooler.connect() as two:
        assert two.value("SHOW work_mem") == "9MB"


def test_transaction_mode_gives_the_server_back(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("BEGIN")
        assert waits(two)
        one.query("SELECT 1/0")
        assert two.silent_for(0.2) == []
        one.query("ROLLBACK")
        assert two.read_until("Z").value == "served"
        assert one.alive()


def test_statement_mode_refuses_transactions(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "statement", "default_pool_size": 1})
    with pooler.connect() as one, pooler.connect() as two:
        assert one.alive() and two.alive()
        assert one.query("SELECT 1; SELECT 2").rows == [("1",), ("2",)]
        one.send(fe.query("BEGIN"))
        check(one.read_to_end().errors[-1],
              "transaction blocks not allowed in statement pooling mode")
        assert two.query("SELECT 1").status == "I"


def test_modes_of_database_and_user(make_pooler):
    """user over database over default, as SHOW tells."""
    pooler = make_pooler(
        settings={"pool_mode": "session", "default_pool_size": 1},
        databases={"app": {}, "trans": {"pool_mode": "transaction"}},
        users={"bob": "pool_mode=transaction"})
    for user, database, mode in (("alice", "app", "session"), ("alice", "trans", "transaction"),
                                 ("bob", "app", "transaction")):
        one, two = pooler.connect(user, database), pooler.connect(user, database)
        one.alive()
        assert waits(two) == (mode == "session")
        one.close()
        if mode == "session":
            two.read_until("Z")
        with pooler.console() as console:
            assert console.pool(database, user)["pool_mode"] == mode
        two.close()

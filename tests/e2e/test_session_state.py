"""session_state: what becomes of a session between its transactions."""

import pytest

from harness import frontend as fe


@pytest.fixture
def one_server(make_pooler):
    def make(state=None, **weir):
        if state is not None:
            weir["session_state"] = state
        return make_pooler(weir=weir, databases={"app": {"pool_size": 1}})
    return make


@pytest.mark.parametrize("weir", [{"state": "pgbouncer"}, {"strict": 1}])
def test_as_pgbouncer(one_server, weir):
    """What PostgreSQL reports follows its client; the rest is left to the next one."""
    pooler = one_server(**weir)
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SET datestyle = 'German'")
        one.query("SET work_mem = '4711kB'")
        assert two.value("SHOW datestyle").startswith("ISO")
        assert two.value("SHOW work_mem") == "4711kB"
        assert one.value("SHOW datestyle").startswith("German")
        one.query("BEGIN")
        one.query("SET datestyle = 'SQL'")
        one.query("ROLLBACK")
        assert two.value("SHOW datestyle").startswith("ISO")
        assert one.value("SHOW datestyle").startswith("German")


@pytest.mark.parametrize("weir", [{"state": "pgbouncer"}, {"strict": 1}])
def test_nothing_pins(one_server, weir):
    pooler = one_server(**weir)
    with pooler.connect() as one, pooler.connect() as two:
        one.query("CREATE TEMPORARY TABLE pinned (id int)")
        assert two.value("SELECT to_regclass('pg_temp.pinned') IS NOT NULL") == "t"


STAYS = ["CREATE TEMPORARY TABLE t (id int)", "LISTEN news", "SELECT pg_advisory_lock(1)",
         "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "PREPARE p AS SELECT 1"]
REFUSED = "this statement makes session state that cannot follow its client"


@pytest.mark.weir_only("session_state = refuse")
@pytest.mark.parametrize("sql", STAYS)
def test_refused(one_server, sql):
    """The error is an ordinary one: the session goes on, a transaction is aborted."""
    pooler = one_server("refuse")
    with pooler.connect() as client, pooler.connect() as other:
        reply = client.query(sql)
        assert (reply.error["C"], reply.error["M"]) == ("0A000", REFUSED)
        assert reply.status == "I" and "session_state" in reply.error["D"]
        assert client.alive() and other.alive()
        client.query("BEGIN")
        assert client.query(sql).status == "E"
        assert client.query("SELECT 1").error["C"] == "25P02"
        assert client.query(sql).error["C"] == "25P02"
        client.query("ROLLBACK")
        assert client.alive()


@pytest.mark.weir_only("session_state = refuse")
@pytest.mark.parametrize("name", ["", "named"])
def test_refused_in_a_pipeline(one_server, name):
    pooler = one_server("refuse")
    with pooler.connect() as client, pooler.connect() as other:
        reply = client.exchange(
            fe.run("SELECT 'before'"), fe.sync(),
            fe.parse(name, "LISTEN news"), fe.bound(name), fe.sync(),
            fe.run("SELECT 'after'"), fe.sync())
        assert [row[0] for row in reply.rows] == ["before", "after"]
        assert [error["M"] for error in reply.errors] == [REFUSED]
        assert other.alive()


@pytest.mark.weir_only("session_state = refuse")
def test_settings_follow_where_the_rest_is_refused(one_server):
    pooler = one_server("refuse")
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SET work_mem = '4711kB'")
        assert two.value("SHOW work_mem") == "4MB"
        assert one.value("SHOW work_mem") == "4711kB"


@pytest.mark.weir_only("session_state = refuse")
def test_session_mode_refuses_nothing(make_pooler):
    pooler = make_pooler(weir={"session_state": "refuse"}, settings={"pool_mode": "session"})
    with pooler.connect() as client:
        assert not client.query("LISTEN news").errors


@pytest.mark.weir_only("strict and follow side by side")
def test_of_one_database(make_pooler):
    pooler = make_pooler(databases={
        "app": {"pool_size": 1}, "leaky": {"pool_size": 1, "session_state": "pgbouncer"}})
    for database, seen in (("app", "4MB"), ("leaky", "4711kB")):
        with pooler.connect(database=database) as one, pooler.connect(database=database) as two:
            one.query("SET work_mem = '4711kB'")
            assert two.value("SHOW work_mem") == seen

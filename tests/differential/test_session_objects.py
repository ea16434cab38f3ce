"""State that only its own server connection can hold: the client keeps that one, nobody else
ever gets it."""

import pytest

from harness import frontend as fe
from harness.waiting import until

LEAKS = "objects of a session stay in the server connection"


def test_temporary_tables(differential):
    differential([
        fe.query("CREATE TEMPORARY TABLE notes (a text)"),
        fe.query("INSERT INTO notes VALUES ('mine')"), fe.query("SELECT * FROM notes"),
        fe.query("CREATE TEMP TABLE more AS SELECT 1 AS one"), fe.query("SELECT * FROM more"),
        fe.query("SELECT 'x' AS t INTO TEMP third"), fe.query("SELECT * FROM third"),
        fe.query("BEGIN"), fe.query("CREATE TEMP TABLE undone (a int4)"), fe.query("ROLLBACK"),
        fe.query("BEGIN"), fe.query("CREATE TEMP TABLE brief (a int4) ON COMMIT DROP"),
        fe.query("COMMIT"), fe.query("SELECT * FROM undone"), fe.query("SELECT * FROM brief"),
        fe.query("DROP TABLE notes, more, third"), fe.query("SELECT 'after'")],
        ignore=("oids",), neighbours="after")


@pytest.mark.pgbouncer_differs(LEAKS)
def test_temporary_table_belongs_to_its_client(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("CREATE TEMP TABLE secret AS SELECT 'of one' AS v")
        for _ in range(5):
            assert two.query("SELECT * FROM secret").sqlstate == "42P01"
            assert one.value("SELECT v FROM secret") == "of one"
    with pooler.connect() as three, pooler.connect() as four:
        three.query("BEGIN")
        assert four.query("SELECT * FROM secret").sqlstate == "42P01"
        assert three.query("SELECT * FROM secret").sqlstate == "42P01"


@pytest.mark.pgbouncer_differs(LEAKS)
def test_temporary_table_made_out_of_sight(cluster, make_pooler):
    """By a DO block and by a function: no text says so."""
    cluster.execute("CREATE OR REPLACE FUNCTION make_temp() RETURNS int LANGUAGE plpgsql AS "
                    "$$BEGIN CREATE TEMP TABLE hidden (a int4); RETURN 1; END$$")
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("DO $$BEGIN CREATE TEMP TABLE veiled (a int4); END$$")
        for _ in range(3):
            assert two.query("SELECT * FROM veiled").sqlstate == "42P01"
            assert one.query("SELECT * FROM veiled").rows == []


def test_cursors_with_hold(differential):
    differential([
        fe.query("BEGIN"),
        fe.query("DECLARE kept CURSOR WITH HOLD FOR SELECT generate_series(1, 5)"),
        fe.query("COMMIT"), fe.query("FETCH 2 FROM kept"), fe.query("FETCH 2 FROM kept"),
        fe.query("CLOSE kept"), fe.query("FETCH 1 FROM kept"),
        fe.query("DECLARE c2 CURSOR WITH HOLD FOR SELECT 1"), fe.query("CLOSE ALL"),
        fe.query("SELECT 'after'")], ignore=("source",), neighbours="after")


@pytest.mark.pgbouncer_differs(LEAKS)
def test_cursor_belongs_to_its_client(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("DECLARE kept CURSOR WITH HOLD FOR SELECT generate_series(1, 9)")
        for n in range(1, 4):
            assert two.query("FETCH 1 FROM kept").sqlstate == "34000"
            assert one.value("FETCH 1 FROM kept") == str(n)


@pytest.mark.pgbouncer_differs(LEAKS)
def test_advisory_locks_of_a_session(make_pooler):
    """A second client must not think it holds the lock, and the owner must keep it."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SELECT pg_advisory_lock(42)")
        for _ in range(5):
            assert two.value("SELECT pg_try_advisory_lock(42)") == "f"
            assert one.alive()
        assert one.value("SELECT pg_advisory_unlock(42)") == "t"
        assert two.value("SELECT pg_try_advisory_lock(42)") == "t"
        assert one.value("SELECT pg_try_advisory_lock(42)") == "f"


@pytest.mark.pgbouncer_differs(LEAKS)
def test_advisory_lock_ends_with_its_client(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    holder = pooler.connect()
    holder.query("SELECT pg_advisory_lock(43)")
    with pooler.connect() as other:
        assert other.value("SELECT pg_try_advisory_lock(43)") == "f"
        holder.close()
        until(lambda: other.value("SELECT pg_try_advisory_lock(43)") == "t", what="lock is free")


def test_advisory_locks_of_a_transaction(differential):
    differential([
        fe.query("BEGIN"), fe.query("SELECT pg_advisory_xact_lock(44)"), fe.query("COMMIT"),
        fe.query("SELECT pg_try_advisory_xact_lock(44)")])


@pytest.mark.pgbouncer_differs("notifications are lost or go to strangers")
def test_listen_and_notify(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as listener, pooler.connect() as speaker:
        listener.query("LISTEN news")
        assert not speaker.query("NOTIFY news, 'first'").errors
        body = listener.read_until("A").of("A")[0]
        assert b"news\0first\0" in body
        assert listener.alive()
        assert speaker.query("SELECT pg_listening_channels()").rows == []
        speaker.query("SELECT pg_notify('news', 'second')")
        assert b"news\0second\0" in listener.read_until("A").of("A")[0]
        listener.query("UNLISTEN *")
        speaker.query("NOTIFY news, 'third'")
        assert listener.silent_for(0.2) == []


@pytest.mark.pgbouncer_differs("notifications are lost or go to strangers")
def test_listener_dies_and_nobody_inherits(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    listener = pooler.connect()
    listener.query("LISTEN news")
    listener.abandon()
    with pooler.connect() as one:
        for _ in range(3):
            reply = one.query("NOTIFY news, 'to whom?'")
            assert reply.of("A") == []
            assert one.query("SELECT pg_listening_channels()").rows == []


@pytest.mark.pgbouncer_differs(LEAKS)
def test_sequences_of_a_session(cluster, make_pooler):
    cluster.execute("DROP SEQUENCE IF EXISTS counting; CREATE SEQUENCE counting; "
                    "GRANT ALL ON counting TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        assert one.value("SELECT nextval('counting')") == "1"
        assert two.value("SELECT nextval('counting')") == "2"
        assert one.value("SELECT lastval()") == "1"
        assert one.value("SELECT currval('counting')") == "1"
        assert two.value("SELECT lastval()") == "2"
    with pooler.connect() as three:
        assert three.query("SELECT lastval()").sqlstate == "55000"


@pytest.mark.pgbouncer_differs(LEAKS)
def test_random_seed(cluster, make_pooler):
    """A seed is for whoever set it, beside another client that draws numbers too."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with cluster.connect() as direct:
        direct.query("SELECT setseed(0.25)")
        expected = [direct.value("SELECT random()") for _ in range(3)]
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SELECT setseed(0.25)")
        drawn = []
        for _ in expected:
            two.query("SELECT random()")
            drawn.append(one.value("SELECT random()"))
        assert drawn == expected


@pytest.mark.pgbouncer_differs(LEAKS)
def test_discard_all_sets_free(make_pooler):
    """After DISCARD ALL nothing holds the server: one connection serves both again."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        for state in ("CREATE TEMP TABLE t1 (a int4)", "LISTEN here", "PREPARE q AS SELECT 1",
                      "SELECT pg_advisory_lock(45)",
                      "DECLARE c CURSOR WITH HOLD FOR SELECT 1"):
            one.query(state)
            two.send(fe.query("SELECT 'two'"))
            assert two.silent_for(0.1) == [], f"{state}: the server went to somebody else"
            one.query("DISCARD ALL")
            assert two.read_until("Z").value == "two"
            assert one.alive()


@pytest.mark.pgbouncer_differs(LEAKS)
def test_state_made_right_behind_discard_all(make_pooler):
    """In one pipeline: the answer to DISCARD ALL comes after the next was sent."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("SELECT pg_advisory_lock(48)")
        one.exchange(fe.query("DISCARD ALL"),
                     fe.parse("", "SELECT pg_advisory_lock(49)"), fe.bind("", ""), fe.execute(),
                     fe.sync())
        two.send(fe.query("SELECT 'two'"))
        assert two.silent_for(0.1) == [], "the server went to somebody else"
        assert one.value("SELECT pg_advisory_unlock(49)") == "t"
        one.query("DISCARD ALL")
        assert two.read_until("Z").value == "two"


@pytest.mark.parametrize("state", [
    "CREATE TEMP TABLE t2 (a int4)", "LISTEN here", "PREPARE q AS SELECT 1",
    "SELECT pg_advisory_lock(46)", "DECLARE c CURSOR WITH HOLD FOR SELECT 1"])
@pytest.mark.pgbouncer_differs(LEAKS)
def test_whoever_leaves_takes_it_along(differential, state):
    differential([fe.query(state), fe.query("SELECT 1")], neighbours="after")


@pytest.mark.weir_only("it never pins")
def test_ordinary_work_pins_nobody(make_pooler):
    """What drivers send at their start does not hold a server."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    clients = [pooler.connect(parameters={"application_name": f"app {n}"}) for n in range(4)]
    for client in clients:
        client.query("SET client_encoding TO 'UTF8'; SET DateStyle = 'ISO'")
        client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        client.query("SET extra_float_digits = 3")
        client.query("SELECT set_config('search_path', 'public', false)")
        client.exchange(fe.parse("s", "SELECT 1"), fe.bound("s"), fe.sync())
        client.query("SELECT pg_advisory_xact_lock(1)")
    for _ in range(3):
        for client in clients:
            assert client.alive()


@pytest.mark.pgbouncer_differs(LEAKS)
def test_loaded_libraries(make_pooler):
    """LOAD can't be undone: nobody else may get that server."""
    pooler = make_pooler(userlist={"postgres": ""}, databases={"app": {"pool_size": 1}})
    with pooler.connect("postgres") as one:
        reply = one.query("LOAD 'auto_explain'")
        assert not reply.errors, reply.explain()
        assert one.value("SHOW auto_explain.log_format") == "text"
    with pooler.connect("postgres") as two:
        assert two.query("SHOW auto_explain.log_format").sqlstate == "42704"

"""Many requests in flight: every reply once, in order, and the server kept until the last."""

import time

import pytest

from harness import frontend as fe
from harness.waiting import seconds


def test_pipelined_syncs_with_a_slow_one(differential):
    batch = b"".join(
        fe.run("SELECT $1::text, pg_sleep($2::float8)", [f"n{n}", "0.3" if n == 4 else "0"])
        + fe.sync() for n in range(12))
    differential([batch])


def test_pipelined_simple_queries(differential):
    batch = b"".join(fe.query(f"SELECT {n}; SELECT 'second of {n}'") for n in range(30))
    differential([batch + fe.query("SELECT 1/0") + fe.query("SELECT 'after the error'"), batch])


def test_bare_syncs(differential):
    differential([fe.sync() * 50, fe.query("SELECT 1") + fe.sync() * 3 + fe.query("SELECT 2")])


@pytest.mark.parametrize("one_sync", [True, False], ids=["one-sync", "a-sync-each"])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_error_at_each_position_of_a_batch(differential, count, one_sync):
    """The rest of the batch is skipped up to its Sync, the next query answers its own rows."""
    def script(connection):
        for bad in range(count):
            groups = [fe.run("SELECT 10 / $1::int4 AS q", ["0" if n == bad else str(n + 1)])
                      for n in range(count)]
            end = b"" if one_sync else fe.sync()
            connection.exchange(end.join(groups), fe.sync(), fe.query(f"SELECT 'after {bad}'"))

    differential(script)


@pytest.mark.parametrize("bad", range(5))
def test_error_in_each_message_of_a_group(differential, bad):
    group = [fe.parse("s", "SELECT $1::int4"), fe.bind("", "s", ["1"]),
             fe.describe_portal(), fe.execute(), fe.close_statement("s")]
    group[bad] = [fe.parse("s", "SELECT nothing_of_the_kind"), fe.bind("", "s", ["x"]),
                  fe.describe_portal("other"), fe.execute("other"),
                  fe.parse("t", "another error")][bad]
    differential([b"".join(group) + fe.sync(), fe.query("SELECT 'a'"),
                  fe.run("SELECT 'b'") + fe.sync()], ignore=("source",))


def test_errors_inside_transactions(differential):
    differential([
        fe.query("BEGIN"), fe.run("SELECT 1/0") + fe.sync(), fe.run("SELECT 1") + fe.sync(),
        fe.query("SELECT 2"), fe.run("ROLLBACK") + fe.sync(),
        fe.run("BEGIN") + fe.run("SELECT 3") + fe.run("SELECT 1/0") + fe.run("COMMIT") + fe.sync(),
        fe.run("SELECT 4") + fe.sync(), fe.run("COMMIT") + fe.sync(), fe.query("SELECT 5")])


def test_flush_brings_the_answers_without_sync(differential):
    def script(connection):
        connection.send(fe.parse("", "SELECT $1::int4 + 1"), fe.describe_statement(), fe.flush())
        connection.read_until("T")
        connection.send(fe.bind("", "", ["41"]), fe.flush())
        connection.read_until("2")
        connection.send(fe.execute(), fe.flush())
        connection.read_until("C")
        connection.exchange(fe.sync())
        connection.exchange(fe.query("SELECT 'next'"))

    differential(script)


@pytest.mark.pgbouncer_differs("it keeps back a ParseComplete that it made up until a Sync")
def test_flush_after_named_statements(differential):
    """Answers that the pooler makes up itself come at a Flush too."""
    def script(connection):
        for _ in range(3):
            connection.send(fe.parse("s", "SELECT 7"), fe.flush())
            connection.read_until("1")
            connection.send(fe.describe_statement("s"), fe.flush())
            connection.read_until("T")
            connection.exchange(fe.bound("s"), fe.sync())
            connection.send(fe.close_statement("s"), fe.flush())
            connection.read_until("3")
            connection.exchange(fe.sync())

    differential(script)


def test_flush_of_an_error(differential):
    def script(connection):
        connection.send(fe.parse("", "SELECT wrong from nowhere"), fe.flush())
        connection.read_until("E")
        connection.send(fe.bind(), fe.execute(), fe.flush())
        connection.exchange(fe.sync())
        connection.query("SELECT 'next'")

    differential(script)


def test_flush_with_suspended_portals(differential):
    def script(connection):
        connection.send(fe.parse("", "SELECT generate_series(1, 7)"), fe.bind(),
                        fe.execute("", 3), fe.flush())
        connection.read_until("s")
        connection.send(fe.execute("", 3), fe.flush())
        connection.read_until("s")
        connection.send(fe.execute("", 3), fe.flush())
        connection.read_until("C")
        connection.exchange(fe.sync())

    differential(script)


def test_suspended_portals(differential):
    rows = fe.parse("", "SELECT generate_series(1, 9)")
    differential([
        rows + fe.bind() + fe.execute("", 2) + fe.execute("", 2) + fe.sync(),
        fe.query("BEGIN"),
        rows + fe.bind("p1") + fe.bind("p2") + fe.execute("p1", 4) + fe.execute("p2", 1)
        + fe.sync(),
        fe.execute("p1", 4) + fe.execute("p2", 1) + fe.sync(),
        fe.close_portal("p1") + fe.execute("p2", 0) + fe.sync(),
        fe.execute("p1", 1) + fe.sync(), fe.query("ROLLBACK"), fe.query("SELECT 1")])


def test_portals_used_again(differential):
    differential([
        fe.parse("s", "SELECT $1::text") + fe.bind("", "s", ["a"]) + fe.execute()
        + fe.bind("", "s", ["b"]) + fe.execute() + fe.sync(),
        fe.query("BEGIN"), fe.bind("p", "s", ["c"]) + fe.execute("p") + fe.sync(),
        fe.bind("p", "s", ["d"]) + fe.sync(), fe.query("ROLLBACK"),
        fe.bind("p", "s", ["e"]) + fe.execute("p") + fe.sync()])


@pytest.mark.pgbouncer_differs("an unknown statement ends the session")
def test_closing_a_portal_leaves_the_statement_of_that_name(differential):
    differential([
        fe.parse("x", "SELECT 'kept'") + fe.bind("x", "x") + fe.close_portal("x") + fe.sync(),
        fe.bound("x") + fe.sync(),
        fe.bind("x", "x") + fe.close_statement("x") + fe.execute("x") + fe.sync(),
        fe.bound("x") + fe.sync(), fe.query("SELECT 1")], ignore=("source",))


def test_describe_on_a_begin_not_yet_run(differential):
    differential([
        fe.parse("b", "BEGIN") + fe.describe_statement("b") + fe.bound("b") + fe.sync(),
        fe.run("SELECT 'inside'") + fe.sync(),
        fe.parse("c", "COMMIT") + fe.describe_statement("c") + fe.bound("c") + fe.sync(),
        fe.run("BEGIN") + fe.run("SELECT txid_current_if_assigned()") + fe.run("COMMIT")
        + fe.sync()])


def test_transactions_in_one_batch(differential):
    differential([
        fe.run("BEGIN") + fe.run("SELECT 1") + fe.run("COMMIT") + fe.run("SELECT 2") + fe.sync(),
        fe.run("BEGIN") + fe.sync() + fe.run("SELECT 1") + fe.sync() + fe.run("COMMIT") + fe.sync(),
        fe.query("BEGIN") + fe.query("SELECT 1") + fe.query("COMMIT") + fe.query("SELECT 2")])


def test_simple_queries_inside_a_batch(differential):
    differential([
        fe.parse("", "SELECT 1") + fe.query("SELECT 2") + fe.sync(),
        fe.run("SELECT 3") + fe.query("SELECT 4") + fe.run("SELECT 5") + fe.sync()])


def test_simple_query_skipped_after_an_error(differential):
    def script(connection):
        connection.send(fe.run("SELECT 1/0"), fe.query("SELECT 'skipped'"), fe.sync())
        connection.read_until("Z")
        connection.query("SELECT 'after'")

    differential(script)


@pytest.mark.pgbouncer_differs("the unnamed statement is whatever the server connection has")
def test_unnamed_statement_lives_on(cluster, make_pooler):
    """The unnamed statement is the client's own until its next Parse."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.exchange(fe.parse("", "SELECT 'of one'"), fe.sync())
        two.exchange(fe.parse("", "SELECT 'of two'"), fe.sync())
        assert one.exchange(fe.bound(""), fe.sync()).value == "of one"
        assert two.exchange(fe.bound(""), fe.sync()).value == "of two"


def test_server_is_kept_for_the_whole_pipeline(make_pooler):
    """The other client's transaction starts only after the pipeline's last answer."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        backend = one.value("SELECT pg_backend_pid()")
        one.send(*(fe.run("SELECT $1::text, pg_sleep(0.02)", [f"one {n}"]) + fe.sync()
                   for n in range(20)))
        two.send(*(fe.run("SELECT $1::text", [f"two {n}"]) + fe.sync() for n in range(20)))
        first, second = one.read_until("Z", 20), two.read_until("Z", 20)
        assert [row[0] for row in first.rows] == [f"one {n}" for n in range(20)]
        assert [row[0] for row in second.rows] == [f"two {n}" for n in range(20)]
        assert two.value("SELECT pg_backend_pid()") == backend


def test_parse_without_sync_keeps_its_server(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.send(fe.parse("", "SELECT 'mine'"), fe.flush())
        one.read_until("1")
        two.send(fe.query("SELECT 'yours'"))
        assert two.silent_for(0.3) == []
        assert one.exchange(fe.bound(""), fe.sync()).value == "mine"
        assert two.read_until("Z").value == "yours"


def test_two_pipelines_side_by_side(make_pooler):
    """Two clients, two servers, thousands of interleaved groups: no answer goes astray."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two, pooler.connect() as three:
        clients = {"one": one, "two": two, "three": three}
        for _ in range(10):
            for name, client in clients.items():
                client.send(*(fe.run("SELECT $1::text || generate_series(1, 5)", [f"{name} {n} "])
                              + fe.sync() for n in range(50)))
            for name, client in clients.items():
                rows = client.read_until("Z", 50).rows
                assert rows == [(f"{name} {n} {i}",) for n in range(50) for i in range(1, 6)]


def test_small_segments_are_not_held_back(cluster, make_pooler):
    """Groups sent in two halves: with Nagle's algorithm somewhere each would take 40 ms."""
    def duration(client):
        client.alive()
        started = time.monotonic()
        for _ in range(100):
            client.send(fe.parse("", "SELECT 1"), fe.bind())
            client.send(fe.execute(), fe.sync())
            client.read_until("Z")
        return time.monotonic() - started

    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with cluster.connect() as direct, pooler.connect() as pooled:
        assert duration(pooled) < 10 * duration(direct) + seconds(1)

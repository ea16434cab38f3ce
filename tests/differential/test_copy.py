"""COPY in both directions, its failures, and clients that leave in the middle."""

import time

import pytest

from harness import frontend as fe
from harness.waiting import until

LOOKALIKE = b"Z\tZZ\nZ\t5I\n"
ROWS = b"".join(b"%d\tZ%d\n" % (n, n) for n in range(2000))


@pytest.fixture(autouse=True)
def table(cluster):
    cluster.execute("DROP TABLE IF EXISTS copied; CREATE TABLE copied (a text, b text); "
                    "DROP TABLE IF EXISTS strict; CREATE TABLE strict (a int4 PRIMARY KEY); "
                    "GRANT ALL ON copied, strict TO PUBLIC")


def copy_in(connection, *pieces, end=None):
    connection.send(fe.query("COPY copied FROM STDIN"))
    connection.read_until("G")
    connection.send(*(fe.copy_data(piece) for piece in pieces), end or fe.copy_done())
    return connection.read_until("Z")


def test_copy_in_and_out(differential):
    def script(connection):
        connection.query("TRUNCATE copied")
        copy_in(connection, LOOKALIKE, ROWS, LOOKALIKE * 500)
        connection.query("SELECT count(*), sum(length(b)) FROM copied")
        connection.query("COPY copied TO STDOUT")
        connection.query("COPY (SELECT repeat('Z', 100000)) TO STDOUT; SELECT 1")
        connection.query("COPY (SELECT 'Z') TO STDOUT WITH (FORMAT binary)")
        copy_in(connection)
        copy_in(connection, b"no more", end=fe.copy_fail("enough"))
        connection.query("SELECT count(*) FROM copied")

    differential(script)


def test_copy_in_cut_at_every_byte(differential):
    def script(connection):
        connection.query("TRUNCATE copied")
        connection.send_cut(fe.query("COPY copied FROM STDIN"))
        connection.read_until("G")
        connection.send_cut(fe.copy_data(LOOKALIKE * 20) + fe.copy_data(b"") + fe.copy_done())
        connection.read_until("Z")
        connection.query("SELECT * FROM copied")

    differential(script)


@pytest.mark.pgbouncer_differs("it loses count of a CopyDone that came before CopyInResponse")
def test_copy_data_sent_without_waiting(differential):
    """A client may send the data behind the query."""
    def script(connection):
        connection.query("TRUNCATE copied")
        connection.send(fe.query("COPY copied FROM STDIN"), fe.copy_data(LOOKALIKE),
                        fe.copy_done(), fe.query("SELECT count(*) FROM copied"))
        connection.read_until("Z", 2)
        connection.query("SELECT 'after'")

    differential(script)


def test_copy_in_the_extended_protocol(differential):
    """A Sync while copying is ignored; the one after CopyDone ends the request."""
    def script(connection):
        connection.query("TRUNCATE copied")
        connection.send(fe.parse("", "COPY copied FROM STDIN"), fe.bind(), fe.execute(), fe.sync())
        connection.read_until("G")
        connection.send(fe.copy_data(LOOKALIKE), fe.copy_done(), fe.sync())
        connection.read_until("Z")
        connection.query("SELECT count(*) FROM copied")

    differential(script)


def test_flush_and_sync_inside_copy(differential):
    def script(connection):
        connection.query("TRUNCATE copied")
        connection.send(fe.query("COPY copied FROM STDIN"))
        connection.read_until("G")
        for _ in range(3):
            connection.send(fe.copy_data(LOOKALIKE), fe.flush(), fe.sync(), fe.copy_data(LOOKALIKE))
        connection.send(fe.copy_done())
        connection.read_until("Z")
        connection.query("SELECT count(*) FROM copied")

    differential(script)


def test_copy_out_extended_with_flush(differential):
    def script(connection):
        connection.send(fe.parse("", "COPY (SELECT generate_series(1, 5)) TO STDOUT"), fe.bind(),
                        fe.execute(), fe.flush())
        connection.read_until("C")
        connection.exchange(fe.sync(), fe.query("SELECT 1"))

    differential(script)


def test_copies_in_one_query(differential):
    def script(connection):
        connection.query("TRUNCATE copied")
        connection.send(fe.query("COPY copied FROM STDIN; SELECT 1; COPY copied FROM STDIN; "
                                 "COPY copied TO STDOUT"))
        connection.read_until("G")
        connection.send(fe.copy_data(b"1\t2\n"), fe.copy_done())
        connection.read_until("G")
        connection.send(fe.copy_data(b"3\t4\n"), fe.copy_done())
        connection.read_until("Z")

    differential(script)


def test_copy_failed_by_the_server(differential):
    """The error comes while megabytes are still on their way; the session goes on."""
    def script(connection):
        for rest in (0, 10, 300):
            connection.send(fe.query("COPY strict FROM STDIN"))
            connection.read_until("G")
            connection.send(fe.copy_data(b"1\n"), fe.copy_data(b"not a number\n"),
                            *[fe.copy_data(b"7" * 10000 + b"\n")] * rest, fe.copy_done())
            connection.read_until("Z")
            connection.query("SELECT 'alive'")

    differential(script)


def test_copy_failed_by_the_server_while_the_client_pauses(differential):
    """ReadyForQuery is there before the late data: they must not reach anybody's server."""
    def script(connection):
        connection.send(fe.query("COPY strict FROM STDIN"))
        connection.read_until("G")
        connection.send(fe.copy_data(b"wrong\n"), fe.copy_data(b"2\n"))
        connection.read_until("Z")
        time.sleep(0.1)
        connection.send(fe.copy_data(b"3\n"), fe.copy_data(b"Z\0\0\0\5I"), fe.copy_done())
        connection.query("SELECT count(*) FROM strict")

    differential(script)


@pytest.mark.pgbouncer_differs("the server is held until the late data ends, and after it")
def test_late_copy_data_while_others_work(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.send(fe.query("COPY strict FROM STDIN"))
        one.read_until("G")
        one.send(fe.copy_data(b"wrong\n"))
        assert one.read_until("Z").sqlstate == "22P02"
        two.send(fe.query("SELECT pg_sleep(0.2), 'two'"))
        one.send(fe.copy_data(b"1\n" * 100000), fe.copy_fail())
        assert two.read_until("Z").rows == [("", "two")]
        assert one.alive() and two.alive()


def test_copy_fails_in_a_transaction(differential):
    def script(connection):
        connection.query("BEGIN")
        connection.send(fe.query("COPY strict FROM STDIN"))
        connection.read_until("G")
        connection.send(fe.copy_data(b"wrong\n"), fe.copy_done())
        connection.read_until("Z")
        connection.query("SELECT 1")
        connection.query("ROLLBACK")

    differential(script)


def test_query_inside_copy_ends_the_session(cluster, make_pooler):
    """PostgreSQL gives the connection up; the pooler passes that on and opens another."""
    def misbehave(connection):
        connection.send(fe.query("COPY copied FROM STDIN"))
        connection.read_until("G")
        connection.send(fe.copy_data(LOOKALIKE), fe.query("SELECT 'not now'"))
        return connection.read_to_end()

    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    expected = misbehave(cluster.connect())
    assert len(expected.errors) == 2
    for _ in range(3):
        assert misbehave(pooler.connect()).of("E")[:2] == expected.of("E")
        with pooler.connect() as other:
            assert other.alive()


def test_copy_both_legs_at_once(cluster, pooler):
    """Two clients copy megabytes through two servers and a third one works beside them."""
    with pooler.connect(timeout=30) as one, pooler.connect(timeout=30) as two:
        big = b"".join(b"%d\t%s\n" % (n, b"Z" * 1000) for n in range(20000))
        one.send(fe.query("COPY copied FROM STDIN"))
        one.read_until("G")
        two.send(fe.query("COPY (SELECT repeat('Z', 1000) FROM generate_series(1, 20000)) "
                          "TO STDOUT"))
        one.send(*(fe.copy_data(big[at:at + 65536]) for at in range(0, len(big), 65536)),
                 fe.copy_done())
        assert one.read_until("Z").tags == ["COPY 20000"]
        reply = two.read_until("Z")
        assert reply.tags == ["COPY 20000"] and len(reply.of("d")) == 20000
        with pooler.connect() as three:
            assert three.alive()


@pytest.mark.parametrize("way", ["fin", "reset", "terminate"])
def test_client_gone_inside_copy_in(cluster, make_pooler, way):
    """Nothing of a COPY whose client left is committed, and the pool is whole again."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    client = pooler.connect()
    client.send(fe.query("COPY copied FROM STDIN"))
    client.read_until("G")
    client.send(fe.copy_data(LOOKALIKE), fe.copy_data(ROWS)[:-7])
    client.abandon(reset=way == "reset") if way != "terminate" else client.close()
    with pooler.connect() as other:
        assert other.value("SELECT count(*) FROM copied") == "0"


@pytest.mark.parametrize("way", ["fin", "reset"])
def test_client_gone_inside_copy_out(cluster, make_pooler, way):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    client = pooler.connect()
    client.send(fe.query("COPY (SELECT repeat('Z', 1000) FROM generate_series(1, 100000)) "
                         "TO STDOUT"))
    client.read_until("d", 10)
    client.abandon(reset=way == "reset")
    with pooler.connect() as other:
        assert other.alive()
    until(lambda: not cluster.backends("state = 'active'"), what="the COPY has ended")

"""Message boundaries: wherever the bytes are cut and whatever they look like."""

import struct

import pytest

from harness import frontend as fe

READY = b"Z\0\0\0\5I"
LOOKALIKES = [READY * 500, b"Z" * 5000, b"C\0\0\0\x0dSELECT 1\0" + READY, b"E\0\0\0\4" * 100]

BATCH = (fe.parse("s", "SELECT $1::text || 'x', generate_series(1, 3)") + fe.describe_statement("s")
         + fe.bound("s", ["Z" * 20]) + fe.sync() + fe.query("SELECT 1; SELECT 'two'; SELECT") +
         fe.run("SELECT $1::int4 / 0", ["7"]) + fe.sync() + fe.close_statement("s") + fe.sync())


@pytest.mark.parametrize("payload", LOOKALIKES, ids=["ready", "z-run", "complete", "error"])
def test_values_that_look_like_messages(differential, payload):
    text = payload.decode("latin1").replace("\0", "0")

    def script(connection):
        connection.query(f"SELECT '{text}', repeat('{text}', 7), repeat('Z', 70000)")
        connection.extended("SELECT $1::text, repeat($1, 9)", [text])
        connection.exchange(fe.parse("", "SELECT $1::bytea") + fe.bind(
            values=[payload], formats=[1], result_formats=[1]) + fe.execute() + fe.sync())
        connection.query(f"SELECT 'after' AS \"{text[:50]}\"")

    differential(script)


def test_errors_and_notices_that_look_like_messages(differential):
    differential(lambda connection: [
        connection.query("DO $$BEGIN RAISE NOTICE 'Z\t%', repeat('Z', 9000); END$$"),
        connection.query("DO $$BEGIN RAISE EXCEPTION 'Z\t%', repeat('Z', 9000); END$$"),
        connection.query("SELECT 'after'")])


def test_client_cut_at_every_byte(differential):
    def script(connection):
        connection.send_cut(BATCH)
        connection.read_until("Z", 4)

    differential(script)


@pytest.mark.parametrize("every", [2, 3, 4, 5, 6, 7, 11, 64])
def test_client_cut_into_pieces(differential, every):
    def script(connection):
        connection.send_cut(BATCH, every)
        connection.read_until("Z", 4)

    differential(script, sizes=(1,))


@pytest.mark.parametrize("piece", [1, 3, 5, 6])
def test_server_cut_into_pieces(cluster, make_pooler, make_proxy, piece):
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address)
    with cluster.connect() as direct, pooler.connect() as pooled:
        expected = direct.exchange(BATCH)
        pooled.alive()
        proxy.piece = piece
        for _ in range(3):
            assert pooled.exchange(BATCH) == expected


def test_both_legs_cut_at_every_byte(cluster, make_pooler, make_proxy):
    proxy = make_proxy()
    proxy.piece = 1
    pooler = make_pooler(server=proxy.address)
    with cluster.connect() as direct, pooler.connect() as pooled:
        pooled.send_cut(BATCH)
        assert pooled.read_until("Z", 4) == direct.exchange(BATCH)


@pytest.mark.parametrize("length", [0, 1, 4090, 4091, 4096, 8190, 8192, 65530, 65536, 1 << 20])
def test_sizes_around_buffers(differential, length):
    def script(connection):
        connection.query(f"SELECT repeat('y', {length}) UNION ALL SELECT 'z'")
        connection.query(f"SELECT length('{'x' * length}')")
        connection.extended("SELECT $1::text, $2::text", ["q" * length, "r"])
        connection.exchange(fe.parse("", f"SELECT '{'x' * length}'") + fe.bound("") + fe.sync())
        connection.query("SELECT 'after'")

    differential(script, sizes=(1,))


def test_hundred_megabyte_value(cluster, pooler):
    """It is streamed: both ways, with the pooler's memory bounded."""
    size = 100 << 20
    with pooler.connect(timeout=60) as connection:
        connection.alive()
        before = pooler.resident_kb()
        reply = connection.query(f"SELECT repeat('Z', {size})")
        (row,) = reply.of("D")
        assert len(row) == size + 6 and row.count(b"Z") == size
        reply = connection.extended("SELECT length($1::text)", [b"Z" * size])
        assert reply.value == str(size)
        assert pooler.resident_kb() - before < 20000
        assert connection.alive()


def test_thousands_of_small_messages_in_one_segment(differential):
    groups = b"".join(fe.run("SELECT $1::int4", [str(n)]) for n in range(500))
    differential([groups + fe.sync() + fe.query("SELECT 'last'")], sizes=(1,))


def test_empty_queries(differential):
    differential([fe.query(""), fe.query(";;"), fe.query("-- nothing"), fe.run("") + fe.sync(),
                  fe.sync(), fe.sync() + fe.sync(), fe.query("SELECT 1")])


def test_simple_queries_with_many_statements(differential):
    differential([
        fe.query("SELECT 1; SELECT 2, 3; SELECT WHERE false"),
        fe.query("SELECT 1; SELECT 1/0; SELECT 3"),
        fe.query("BEGIN; SELECT 1; SELECT nonsense"), fe.query("SELECT 2"), fe.query("ROLLBACK"),
        fe.query("BEGIN; SELECT 1; COMMIT; SELECT 2/0"), fe.query("SELECT 4"),
        fe.query("SELECT 1; syntax error"), fe.query("SELECT 5")])


def test_wide_rows_and_nulls(differential):
    columns = ", ".join(f"NULL AS n{i}, '' AS e{i}" for i in range(700))
    differential([fe.query(f"SELECT {columns}"),
                  fe.query("SELECT i, repeat('x', i) FROM generate_series(1, 2000) i")],
                 sizes=(1,))


def test_binary_results(differential):
    group = fe.parse("", "SELECT $1::int8, $2::bytea, now() IS NULL, NULL::text") + fe.bind(
        values=[struct.pack("!q", 90), READY], formats=[1], result_formats=[1])
    differential([group + fe.describe_portal() + fe.execute() + fe.sync()])

"""FunctionCall, which large objects still use."""

import struct

from harness import frontend as fe

INT4PL, INT4DIV = 177, 154
LO_CREAT, LO_OPEN, LO_CLOSE, LO_READ, LO_WRITE, LO_UNLINK = 957, 952, 953, 954, 955, 964


def int4(value):
    return struct.pack("!i", value)


def test_function_calls(differential):
    differential([
        fe.function_call(INT4PL, [int4(40), int4(2)]),
        fe.function_call(INT4PL, [b"40", b"2"], formats=(0,), result_format=0),
        fe.function_call(INT4PL, [int4(1), None]),
        fe.function_call(INT4DIV, [int4(1), int4(0)]), fe.query("SELECT 'alive'"),
        fe.function_call(999999, []), fe.function_call(INT4PL, [int4(1)]),
        fe.query("BEGIN"), fe.function_call(INT4DIV, [int4(1), int4(0)]),
        fe.function_call(INT4PL, [int4(1), int4(1)]), fe.query("ROLLBACK")])


def test_function_calls_in_a_pipeline(differential):
    differential([
        b"".join(fe.function_call(INT4PL, [int4(n), int4(1)]) + fe.query(f"SELECT {n}")
                 + fe.run("SELECT 'x'") + fe.sync() for n in range(20)),
        fe.function_call(INT4DIV, [int4(1), int4(0)]) * 3 + fe.query("SELECT 'last'")])


def test_function_call_skipped_after_an_error(differential):
    def script(connection):
        connection.send(fe.run("SELECT 1/0"), fe.function_call(INT4PL, [int4(1), int4(1)]),
                        fe.sync())
        connection.read_until("Z")
        connection.exchange(fe.function_call(INT4PL, [int4(2), int4(2)]))

    differential(script)


def test_function_call_of_void(differential):
    differential([fe.function_call(2626, [struct.pack("!d", 0.0)]), fe.query("SELECT 1")])


def test_large_objects(make_pooler):
    """A megabyte written and read in a transaction, while a second client works."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})

    def call(client, oid, *arguments):
        reply = client.exchange(fe.function_call(oid, arguments))
        assert not reply.errors, reply.explain()
        (body,) = reply.of("V")
        return body[4:]

    content = b"Z\0\0\0\5I" * 170000
    with pooler.connect() as client, pooler.connect() as other:
        client.query("BEGIN")
        oid = call(client, LO_CREAT, int4(0x60000))
        handle = call(client, LO_OPEN, oid, int4(0x60000))
        assert call(client, LO_WRITE, handle, content) == int4(len(content))
        assert other.alive()
        call(client, LO_CLOSE, handle)
        client.query("COMMIT")
        client.query("BEGIN")
        handle = call(client, LO_OPEN, oid, int4(0x40000))
        assert call(client, LO_READ, handle, int4(len(content))) == content
        call(client, LO_CLOSE, handle)
        call(client, LO_UNLINK, oid)
        assert client.query("COMMIT").status == "I"
        assert other.alive()

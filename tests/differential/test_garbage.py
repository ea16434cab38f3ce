"""Whatever a client sends: nobody else notices, nothing grows, nothing hangs."""

import random
import struct

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.wire import Closed, Connection, Silence

STARTUP = fe.startup({"user": "alice", "database": "app"})
HUGE, NEGATIVE = 0x7FFFFFFF, -1


def header(kind, length):
    return kind + struct.pack("!i", length)


def startup_of(body, length=None):
    return struct.pack("!i", len(body) + 4 if length is None else length) + body


V3 = struct.pack("!i", fe.PROTOCOL_3_0)

BEFORE_LOGIN = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": bytes.fromhex("1603010200010001fc0303") + b"\0" * 100,
    "zeros": b"\0" * 200,
    "ones": b"\xff" * 200,
    "length-0": struct.pack("!ii", 0, fe.PROTOCOL_3_0),
    "length-4": struct.pack("!ii", 4, fe.PROTOCOL_3_0),
    "length-negative": struct.pack("!ii", NEGATIVE, fe.PROTOCOL_3_0),
    "length-2^31": struct.pack("!ii", HUGE, fe.PROTOCOL_3_0) + b"x" * 100000,
    "length-min": struct.pack("!ii", -(2 ** 31), fe.PROTOCOL_3_0),
    "protocol-1": startup_of(struct.pack("!i", 1 << 16) + b"user\0alice\0\0"),
    "protocol-4": startup_of(struct.pack("!i", 4 << 16) + b"user\0alice\0\0"),
    "no-terminator": startup_of(V3 + b"user\0alice"),
    "no-value": startup_of(V3 + b"user\0alice\0database\0"),
    "no-last-zero": startup_of(V3 + b"user\0alice\0database\0app\0"),
    "empty-user": startup_of(V3 + b"user\0\0database\0app\0\0"),
    "nothing": startup_of(V3 + b"\0"),
    "password-first": fe.password("hello"),
    "query-first": fe.query("SELECT 1"),
    "cancel-short": struct.pack("!iii", 12, fe.CANCEL_CODE, 1),
    "ssl-too-long": struct.pack("!ii", 100, fe.SSL_CODE) + b"x" * 92,
    "long-user": fe.startup({"user": "u" * 9000, "database": "app"}),
}


WAITS = pytest.mark.pgbouncer_differs("it waits for the rest until client_login_timeout")


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=WAITS if name in ("http", "tls", "ssl-too-long") else ())
    for name in BEFORE_LOGIN])
def test_before_login(pooler, name):
    """It is refused or ended, soon, and the next client is served."""
    connection = pooler.raw()
    connection.send(BEFORE_LOGIN[name])
    reply = connection.read_to_end(timeout=5)
    assert all(message.kind in ("E", "N", "eof") for message in reply), reply.explain()
    connection.abandon()
    with pooler.connect() as other:
        assert other.alive()


@pytest.mark.parametrize("option", [
    "-c=", "-c", "-c ", "-c =", "--=", "--", "-", "-c a", "-c=x -c=y", "\\", "-c \\", "-x y",
    "-c" * 5000, "--statement_timeout", "  ", "-c statement_timeout=1 junk"])
def test_odd_options(pooler, option):
    """Refused or ignored, never for ever."""
    connection = pooler.raw()
    connection.send(fe.startup({"user": "alice", "database": "app", "options": option}))
    reply = connection.silent_for(0.3)
    assert reply.closed or reply.errors or reply.status == "I" or not reply, reply.explain()
    connection.abandon()
    with pooler.connect() as other:
        assert other.alive()


def test_second_startup_packet(make_pooler):
    """Neither during SCRAM nor after it is a second one a way in."""
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"})
    connection = pooler.raw()
    connection.send(fe.startup({"user": "scram_user", "database": "app"}))
    assert connection.read().body[:4] == struct.pack("!i", 10)
    connection.send(STARTUP)
    reply = connection.silent_for(1)
    assert "Z" not in reply.kinds() and not reply.parameters, reply.explain()
    connection.abandon()
    twice = pooler.raw()
    twice.send(fe.startup({"user": "scram_user", "database": "app"}) * 2)
    reply = twice.silent_for(1)
    assert "Z" not in reply.kinds() and not reply.parameters, reply.explain()
    twice.abandon()


def test_startup_packet_after_login(pooler):
    with pooler.connect() as other:
        connection = pooler.connect()
        connection.send(STARTUP)
        try:
            reply = connection.read_to_end(timeout=3)
            assert "D" not in reply.kinds()
        except Silence:
            pass
        connection.abandon()
        assert other.alive()


AFTER_LOGIN = {
    "unknown-type": fe.message("?", b"abc"),
    "zero-type": fe.message("\0", b""),
    "backend-type": fe.message("Z", b"I"),
    "length-0": header(b"Q", 0),
    "length-3": header(b"Q", 3),
    "length-negative": header(b"Q", NEGATIVE),
    "password": fe.password("why?"),
    "query-without-zero": fe.message("Q", b"SELECT 1"),
    "parse-without-zero": fe.message("P", b"name"),
    "parse-cut": fe.message("P", b"\0SELECT 1\0") + fe.sync(),
    "parse-negative-types": fe.message("P", b"\0SELECT 1\0\xff\xff") + fe.sync(),
    "bind-empty": fe.message("B") + fe.sync(),
    "bind-cut": fe.message("B", b"\0\0\0\0\0\1") + fe.sync(),
    "bind-length-lies": fe.message("B", b"\0\0\0\0\0\1\x7f\xff\xff\xff") + fe.sync(),
    "describe-empty": fe.message("D") + fe.sync(),
    "describe-odd": fe.message("D", b"Xname\0") + fe.sync(),
    "close-odd": fe.message("C", b"\xffname\0") + fe.sync(),
    "close-without-zero": fe.message("C", b"Sname") + fe.sync(),
    "execute-cut": fe.message("E", b"\0\0") + fe.sync(),
    "sync-with-body": fe.message("S", b"xx"),
    "flush-with-body": fe.message("H", b"xx") + fe.sync(),
    "function-cut": fe.message("F", b"\0\0"),
    "copy-data": fe.copy_data(b"x") + fe.copy_done() + fe.copy_fail(),
}


@pytest.mark.parametrize("name", AFTER_LOGIN)
def test_after_login(make_pooler, name):
    """The session goes on or ends; other sessions, also on the same server, are untouched."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as other:
        connection = pooler.connect()
        connection.send(AFTER_LOGIN[name])
        reply = connection.silent_for(0.1)
        assert not reply.rows, reply.explain()
        connection.abandon()
        for _ in range(3):
            assert other.exchange(fe.parse("", "SELECT 'clean'"), fe.bound(""), fe.sync()
                                  ).value == "clean"


@pytest.mark.parametrize("kind", [b"Q", b"P", b"B", b"d", b"p", b"X"])
def test_announced_lengths_take_no_memory(pooler, kind):
    """A header that promises 2 GB is not believed before the bytes come."""
    with pooler.connect() as other:
        before = pooler.resident_kb()
        liars = []
        for _ in range(10):
            liars.append(pooler.connect())
            liars[-1].send(header(kind, HUGE), b"x" * 1000)
        assert other.alive()
        assert pooler.resident_kb() - before < 20000
        for liar in liars:
            liar.abandon()
        assert other.alive()


def test_random_bytes(pooler):
    """Noise before and after the login, from a fixed seed; the neighbour never notices."""
    dice = random.Random(17)
    with pooler.connect() as other:
        for number in range(150):
            noise = dice.randbytes(dice.choice([1, 4, 5, 8, 50, 500, 5000]))
            if number % 3 == 0:
                noise = struct.pack("!i", len(noise) + 8) + V3 + noise
            connection = Connection(pooler.address)
            if number % 3 == 1:
                connection.start("alice", "app")
                noise = dice.choice([b"Q", b"P", b"B", b"D", b"C", b"E", b"d"]) + struct.pack(
                    "!i", len(noise) + 4) + noise + fe.sync()
            try:
                connection.send(noise)
                connection.silent_for(0.01)
            except (Closed, OSError, AssertionError):
                pass
            connection.abandon(reset=dice.random() < 0.5)
            if number % 10 == 0:
                assert other.alive()
        assert other.alive()


def test_mutated_batches(make_pooler):
    """A valid batch with a few bytes changed: the neighbour on the same server never notices."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    dice = random.Random(4)
    batch = (fe.parse("s", "SELECT $1::text, generate_series(1, 3)") + fe.describe_statement("s")
             + fe.bound("s", ["x"]) + fe.close_statement("s") + fe.sync() + fe.query("SELECT 1"))
    with pooler.connect() as other:
        for _ in range(150):
            mutant = bytearray(batch)
            for _ in range(dice.randrange(1, 4)):
                mutant[dice.randrange(len(mutant))] = dice.randrange(256)
            connection = pooler.connect()
            try:
                connection.send(bytes(mutant))
                connection.silent_for(0.005)
            except (OSError, AssertionError, Closed):
                pass
            connection.abandon()
            assert other.exchange(fe.parse("n", "SELECT 'clean'"), fe.bound("n"),
                                  fe.close_statement("n"), fe.sync()).value == "clean"


def test_password_instead_of_startup(pooler):
    connection = pooler.raw()
    connection.send(fe.password("hello"))
    assert connection.read_to_end().closed
    connection.abandon()


def test_login_that_stops_halfway(make_pooler):
    """Many half logins hold nothing back and end at client_login_timeout."""
    pooler = make_pooler(settings={"client_login_timeout": 1, "tcp_defer_accept": 0})
    halves = [pooler.raw() for _ in range(40)]
    for number, half in enumerate(halves):
        half.send(STARTUP[:number % 20])
    with pooler.connect() as other:
        assert other.alive()
    for half in halves:
        reply = half.read_to_end(timeout=10)
        if reply.errors:
            check(reply.error, "client_login_timeout")
        half.abandon()


@pytest.mark.parametrize("answer", [
    fe.sasl_initial("SCRAM-SHA-256", b""), fe.sasl_initial("SCRAM-SHA-256", b"n,,"),
    fe.sasl_initial("SCRAM-SHA-256", b"n,,n=,r="), fe.sasl_initial("SCRAM-SHA-256", b"n,,n=,x=1"),
    fe.sasl_initial("SCRAM-SHA-256", b"p=tls-unique,,n=,r=abc"),
    fe.sasl_initial("SCRAM-SHA-256", b"n,,n=,r=" + b"a" * 100000),
    fe.sasl_initial("NO-SUCH", b"n,,n=,r=abc"), fe.message("p", b"SCRAM-SHA-256"),
    fe.message("p", b"SCRAM-SHA-256\0\x7f\xff\xff\xff"), fe.message("p", b"SCRAM-SHA-256\0\xff"),
    fe.message("p"), fe.password("clear text"), fe.query("SELECT 1")])
def test_scram_gone_wrong(make_pooler, answer):
    pooler = make_pooler(settings={"auth_type": "scram-sha-256"})
    connection = pooler.raw()
    connection.send(fe.startup({"user": "scram_user", "database": "app"}))
    connection.read()
    connection.send(answer)
    reply = connection.silent_for(0.5)
    if not reply.errors:  # a first message that is well-formed may be answered
        assert reply.kinds() in ("R", ""), reply.explain()
        connection.send(fe.sasl_response(b"c=biws,r=wrong,p=d3Jvbmc="))
        reply = connection.silent_for(0.5)
    assert "Z" not in reply.kinds() and not reply.parameters, reply.explain()
    connection.abandon()
    with pooler.connect("scram_user") as other:
        assert other.alive()

"""Servers that break the protocol: their client gets an error, everybody else is served."""

import struct
import time

import pytest

from harness import frontend as fe
from harness.fake_server import AUTHENTICATED, READY, FakeServer, answer, authentication, error
from harness.waiting import until
from harness.wire import Closed, Refused


@pytest.fixture
def pair(make_pooler):
    """Starts a pooler with `app` on PostgreSQL and `bad` on a fake server that runs a script."""
    servers = []

    def start(script, **settings):
        servers.append(FakeServer(script))
        host, port = servers[-1].address
        return make_pooler(
            settings={"server_login_retry": 1, "client_login_timeout": 3, **settings},
            databases={"app": {}, "bad": {"host": host, "port": port, "pool_size": 1}})

    yield start
    for server in servers:
        server.close()


def fails(pooler, user="alice"):
    """The client of the bad server is refused or sent away, in time."""
    with pytest.raises((Refused, Closed)) as end:
        with pooler.connect(user, "bad", timeout=15) as client:
            reply = client.query("SELECT 1")
            assert not reply.rows, reply.explain()
            raise Refused(reply.error, reply)
    return end.value


def others_are_served(pooler):
    for _ in range(3):
        with pooler.connect(timeout=5) as client:
            assert client.alive()


BAD_LOGINS = {
    "closes-at-once": b"",
    "error-without-sqlstate": error(S="FATAL", M="no code"),
    "error-without-anything": error(),
    "error-without-terminator": fe.message("E", b"SFATAL\0Mcut"),
    "error-empty-body": fe.message("E"),
    "unknown-authentication": authentication(99),
    "gss": authentication(7),
    "authentication-cut": fe.message("R", b"\0\0"),
    "md5-without-salt": authentication(5, b"ab"),
    "sasl-without-mechanisms": authentication(10, b"\0"),
    "sasl-unknown-mechanism": authentication(10, b"SCRAM-SHA-999\0\0"),
    "sasl-without-terminator": authentication(10, b"SCRAM-SHA-256"),
    "sasl-continue-first": authentication(11, b"r=abc,s=QQ==,i=4096"),
    "garbage": b"\x15\x03\x01\x00\x02\x02\x28 not a message",
    "huge-length": b"R" + struct.pack("!i", 0x7FFFFFFF),
    "negative-length": b"R" + struct.pack("!i", -5),
    "zero-length": b"S" + struct.pack("!i", 0),
    "ready-before-authentication": READY,
    "row-before-ready": AUTHENTICATED + fe.message("D", b"\0\0") + READY,
    "status-cut": AUTHENTICATED + fe.message("S", b"name") + READY,
    "key-cut": AUTHENTICATED + fe.message("K", b"\0") + READY,
    "not-idle": AUTHENTICATED + fe.message("Z", b"T"),
    "half-a-login": AUTHENTICATED + b"S\0\0\0\x20half",
}


@pytest.mark.parametrize("name", BAD_LOGINS)
def test_bad_login(pair, name):
    def script(session):
        session.startup()
        session.send(BAD_LOGINS[name])
        time.sleep(0.2)

    pooler = pair(script)
    fails(pooler, "scram_user")
    others_are_served(pooler)


SCRAM = {
    "iterations-2^31": lambda nonce: f"r={nonce}more,s=QUJD,i=2147483647",
    "iterations-100-million": lambda nonce: f"r={nonce}more,s=QUJD,i=100000000",
    "iterations-0": lambda nonce: f"r={nonce}more,s=QUJD,i=0",
    "iterations-negative": lambda nonce: f"r={nonce}more,s=QUJD,i=-1",
    "iterations-word": lambda nonce: f"r={nonce}more,s=QUJD,i=many",
    "nonce-of-its-own": lambda nonce: "r=somethingelse,s=QUJD,i=4096",
    "nonce-not-longer": lambda nonce: f"r={nonce},s=QUJD,i=4096",
    "no-salt": lambda nonce: f"r={nonce}more,i=4096",
    "bad-salt": lambda nonce: f"r={nonce}more,s=!!!!,i=4096",
    "extension": lambda nonce: f"m=must,r={nonce}more,s=QUJD,i=4096",
    "empty": lambda nonce: "",
    "long": lambda nonce: f"r={nonce}{'x' * 100000},s=QUJD,i=4096",
}


def scram_until_first(session):
    """Reads up to the pooler's client-first-message; its nonce."""
    session.startup()
    session.send(authentication(10, b"SCRAM-SHA-256\0\0"))
    _, body = session.read()
    return body.split(b"r=", 1)[1].decode()


@pytest.mark.parametrize("name", SCRAM)
def test_bad_scram(pair, name):
    """Above all an iteration count must not stop the pooler's loop."""
    def script(session):
        nonce = scram_until_first(session)
        session.send(authentication(11, SCRAM[name](nonce).encode()))
        session.read()
        session.send(authentication(12, b"v=d3Jvbmc="), AUTHENTICATED)
        session.welcome()
        time.sleep(1)

    pooler = pair(script)
    client = pooler.raw()
    client.send(fe.startup({"user": "scram_user", "database": "bad"}))
    others_are_served(pooler)
    reply = client.read_to_end(timeout=15)
    assert "Z" not in reply.kinds(), reply.explain()
    others_are_served(pooler)


@pytest.mark.parametrize("early", ["before-final", "before-continue", "without-scram-final"])
def test_server_that_skips_its_proof(pair, early):
    """AuthenticationOk without the server's signature is no login."""
    def script(session):
        nonce = scram_until_first(session)
        if early != "before-continue":
            session.send(authentication(11, f"r={nonce}more,s=QUJD,i=4096".encode()))
            session.read()
        if early == "without-scram-final":
            session.send(authentication(12, b"v="))
        session.welcome()
        time.sleep(1)

    pooler = pair(script)
    fails(pooler, "scram_user")
    others_are_served(pooler)


BAD_REPLIES = {
    "error-without-sqlstate": error(S="ERROR", M="no code") + READY,
    "huge-length": b"D" + struct.pack("!i", 0x7FFFFFFF) + b"x" * 100,
    "negative-length": b"D" + struct.pack("!i", -1),
    "zero-length": b"D" + struct.pack("!i", 0),
    "unknown-type": fe.message("?", b"what") + READY,
    "bad-status": fe.message("C", b"SELECT 1\0") + fe.message("Z", b"x"),
    "ready-without-body": fe.message("C", b"SELECT 1\0") + fe.message("Z"),
    "closes-in-a-header": answer("x")[:3],
    "closes-in-a-row": answer("a long enough text")[:40],
    "notification-cut": fe.message("A", b"\0") + READY,
    "status-cut": fe.message("S", b"x") + READY,
    "authentication-again": AUTHENTICATED + READY,
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_bad_reply(pair, name):
    """It may reach the client that asked, but what comes after must be right again."""
    def script(session):
        def replies(sql):
            return BAD_REPLIES[name] if "bad" in sql else answer(sql)

        if session.number == 0:
            session.startup()
            session.welcome()
            while (message := session.read()) and message[0] == "Q":
                sql = message[1].rstrip(b"\0").decode()
                session.send(replies(sql))
                if "bad" in sql and not BAD_REPLIES[name].endswith(READY):
                    time.sleep(0.2)
                    return
        else:
            session.serve()

    pooler = pair(script)
    client = pooler.connect(database="bad")
    client.send(fe.query("bad"))
    reply = client.silent_for(0.7)
    assert all(kind in "TDCEZNASR?" for kind in reply.kinds()), reply.explain()
    client.abandon()
    others_are_served(pooler)

    def right_again():
        try:
            with pooler.connect(database="bad", timeout=3) as other:
                assert other.query("fine").value == "fine"
                return True
        except (Refused, Closed):
            return False

    until(right_again, timeout=15, what="the bad server's database is served")


UNASKED = {
    "ready": READY,
    "answer": answer("of nobody"),
    "row": answer("of nobody")[:30],
    "error": error(S="ERROR", C="XX000", M="unasked"),
    "fatal": error(S="FATAL", C="57P01", M="going down"),
    "complete": fe.message("C", b"SELECT 9\0"),
    "copy": fe.message("G", b"\0\0\0"),
    "half-a-header": b"D\0",
}
HARMLESS = {
    "notice": fe.message("N", b"SNOTICE\0C00000\0Mhello\0\0"),
    "notification": fe.message("A", struct.pack("!i", 5) + b"channel\0payload\0"),
    "status": fe.message("S", b"application_name\0other\0"),
}


HANGS = pytest.mark.pgbouncer_differs("the server is never given back")


@pytest.mark.parametrize("name, at_once", [
    pytest.param(name, at_once, id=f"{name}-{'behind-an-answer' if at_once else 'later'}",
                 marks=HANGS if name == "half-a-header" or (at_once and name not in (
                     "ready", "answer", "notification")) else ())
    for name in [*UNASKED, *HARMLESS] for at_once in (True, False)])
def test_unasked_messages(pair, name, at_once):
    """What a server says beyond what it was asked never reaches the next client."""
    unasked = {**UNASKED, **HARMLESS}[name]

    def replies(sql):
        if "trigger" not in sql:
            return [answer(sql)]
        return [answer(sql) + unasked] if at_once else [answer(sql), unasked]

    pooler = pair(lambda session: session.serve(replies))
    with pooler.connect(database="bad") as one, pooler.connect(database="bad") as two:
        assert one.query("trigger").value == "trigger"
        time.sleep(0.3)
        for n in range(3):
            reply = two.query(f"two {n}")
            assert reply.rows == [(f"two {n}",)] and reply.kinds() == "TDCZ", reply.explain()
        if not at_once:
            assert one.query("one").rows == [("one",)]


def test_cancel_while_the_server_is_mute(pair):
    """A server that accepts cancels and never answers holds nobody up."""
    def script(session):
        session.serve(lambda sql: [] if "mute" in sql else [answer(sql)])

    pooler = pair(script, cancel_wait_timeout=1)
    client = pooler.connect(database="bad")
    client.send(fe.query("mute"))
    client.cancel()
    others_are_served(pooler)
    client.abandon()
    others_are_served(pooler)

"""TLS to clients and to servers: modes, certificates, direct TLS, channel binding, reload."""

import base64
import os
import re
import ssl
import struct
import subprocess

import psycopg2
import pytest

from harness import frontend as fe
from harness.certificates import Authority, encrypt, secure_login
from harness.cluster import HBA, PASSWORDS, program_directory
from harness.errors import check
from harness.fake_server import FakeServer, authentication
from harness.passwords import ScramClient
from harness.pooler import KIND, program
from harness.account import spawn_options
from harness.waiting import until
from harness.wire import Closed, Refused, Silence, cancel

SEEN = re.compile(r"TLSv1\.3/TLS_AES_256_GCM_SHA384(/ECDH=(X25519|prime256v1))?")
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SLEEPING = "query LIKE '%pg_sleep(60)%' AND state = 'active'"
INSISTING = MODES[3:]
VERIFYING = MODES[4:]

# How a handshake that the other side refuses looks to Python, now or at the first read.
REFUSED = (ssl.SSLError, ConnectionError, Closed)


@pytest.fixture(scope="module")
def authority():
    made = Authority()
    made.issue("pooler", "localhost", "DNS:localhost")
    made.issue("server", "server", "DNS:db.example,IP:127.0.0.1")
    made.issue("alice", "alice")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def tls_cluster(running_cluster, authority):
    """The cluster with ssl = on, for the tests of this file."""
    settings = {"ssl": "on", "ssl_cert_file": authority.certificate("server"),
                "ssl_key_file": authority.key("server"), "ssl_ca_file": authority.ca}
    if not running_cluster.running:
        running_cluster.start()
    for name, value in settings.items():
        running_cluster.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    running_cluster.execute("SELECT pg_reload_conf()")
    until(lambda: running_cluster.execute("SHOW ssl").value == "on", what="the server's TLS")
    yield running_cluster
    if not running_cluster.running:
        running_cluster.start()
    for name in settings:
        running_cluster.execute(f"ALTER SYSTEM RESET {name}")
    running_cluster.execute("SELECT pg_reload_conf()")


@pytest.fixture
def make_tls_pooler(make_pooler, tls_cluster, authority):
    """Poolers that offer TLS to clients; other settings are added."""
    def make(settings=None, **configuration):
        return make_pooler(settings=client_settings(authority, **(settings or {})),
                           **configuration)
    return make


def client_settings(authority, **settings):
    return {"client_tls_sslmode": "allow", "client_tls_ca_file": authority.ca,
            "client_tls_key_file": authority.key("pooler"),
            "client_tls_cert_file": authority.certificate("pooler"), **settings}


def login(pooler, context, **options):
    return secure_login(pooler.address, context, **options)


def encrypted_to_server(client):
    """Whether the server that this client has now sees TLS."""
    return client.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"


def psql(pooler, *arguments, database="app", user="alice", **environment):
    return subprocess.run(
        [os.path.join(program_directory(), "psql"), "-X", "-A", "-t", *arguments], text=True,
        capture_output=True, timeout=60,
        env={**os.environ, "PGHOST": "localhost", "PGHOSTADDR": "127.0.0.1",
             "PGPORT": str(pooler.port), "PGUSER": user, "PGDATABASE": database, **environment})


# Clients

@pytest.mark.parametrize("mode", MODES)
def test_modes_for_clients(make_tls_pooler, authority, mode):
    pooler = make_tls_pooler({"client_tls_sslmode": mode})
    with pooler.raw() as raw:
        raw.send(fe.ssl_request())
        assert raw.read_bytes(1) == (b"N" if mode == "disable" else b"S")
    if mode in INSISTING:
        with pytest.raises(Refused) as refusal:
            pooler.connect()
        check(refusal.value.error, "SSL required")
    else:
        pooler.connect().close()
    if mode == "disable":
        return
    login(pooler, authority.context("alice")).close()
    if mode in VERIFYING:
        with pytest.raises(REFUSED):
            login(pooler, authority.context())
        until(lambda: re.search("TLS handshake error: .*peer did not return a certificate",
                                pooler.log()), what="a line in the log")
    else:
        with login(pooler, authority.context()) as client:
            assert client.alive()


def test_certificates_that_are_refused(make_tls_pooler, authority):
    stranger = Authority("a stranger")
    try:
        stranger.issue("alice", "alice")
        authority.issue("late", "alice", expired=True)
        pooler = make_tls_pooler({"client_tls_sslmode": "verify-full"})
        theirs = authority.context()
        theirs.load_cert_chain(stranger.certificate("alice"), stranger.key("alice"))
        for context in (theirs, authority.context("late")):
            size = len(pooler.log())
            with pytest.raises(REFUSED):
                login(pooler, context)
            until(lambda: "certificate verify failed" in pooler.log()[size:], what="the reason")
    finally:
        stranger.remove()


def test_unix_sockets_are_not_encrypted(make_tls_pooler):
    pooler = make_tls_pooler({"client_tls_sslmode": "require"})
    connection = pooler.raw()
    connection.abandon()
    local = type(connection)(pooler.socket)
    local.send(fe.ssl_request())
    assert local.read_bytes(1) == b"N"
    assert local.start("alice", "app").alive()
    local.close()


def test_plain_bytes_behind_the_request(make_tls_pooler):
    pooler = make_tls_pooler()
    with pooler.raw() as raw:
        raw.send(fe.ssl_request() + fe.startup({"user": "alice"}))
        assert raw.read_to_end().error["M"] == "received unencrypted data after SSL request"


def test_tls_inside_tls(make_tls_pooler, authority):
    pooler = make_tls_pooler()
    with encrypt(pooler.raw(), authority.context()) as client:
        client.send(fe.ssl_request())
        assert [message.kind for message in client.read_to_end()] == ["eof"]


def test_garbage_instead_of_a_handshake(make_tls_pooler):
    pooler = make_tls_pooler()
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 70000):
        with pooler.raw() as raw:
            raw.send(fe.ssl_request())
            assert raw.read_bytes(1) == b"S"
            raw.send(garbage)
            with pytest.raises((Closed, Silence, AssertionError, ConnectionError)):
                while True:
                    raw.read(timeout=2)
    pooler.connect().close()


def test_the_handshake_byte_by_byte(make_tls_pooler, authority):
    """What a client sends may come in any pieces."""
    pooler = make_tls_pooler()
    raw = pooler.raw()
    raw.send(fe.ssl_request())
    assert raw.read_bytes(1) == b"S"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = authority.context().wrap_bio(incoming, outgoing, server_hostname="localhost")

    def step(action):
        while True:
            try:
                result = action()
                raw.send_cut(outgoing.read())
                return result
            except ssl.SSLWantReadError:
                raw.send_cut(outgoing.read())
                incoming.write(raw.socket.recv(65536))

    step(tls.do_handshake)
    step(lambda: tls.write(fe.startup({"user": "alice", "database": "app"}) + fe.query("SELECT 1")))
    got = b""
    while got.count(b"Z\0\0\0\5I") < 2:
        got += step(lambda: tls.read(65536))
    raw.abandon()


# Direct TLS

def direct_context(authority, *protocols):
    context = authority.context()
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def test_direct_tls(make_tls_pooler, authority):
    pooler = make_tls_pooler()
    with login(pooler, direct_context(authority, "postgresql"), direct=True) as client:
        assert client.socket.selected_alpn_protocol() == "postgresql"
        assert client.alive()


@pytest.mark.pgbouncer_differs("it lets them in", strict=False)
@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
def test_direct_tls_needs_its_protocol(make_tls_pooler, authority, protocols):
    pooler = make_tls_pooler()
    with pytest.raises((*REFUSED, Refused)) as refusal:
        login(pooler, direct_context(authority, *protocols), direct=True)
    if not protocols:
        assert "without ALPN" in str(refusal.value)
    pooler.connect().close()


@pytest.mark.pgbouncer_differs("it waits for more")
def test_direct_tls_where_there_is_none(make_pooler, authority):
    pooler = make_pooler()
    with pytest.raises(REFUSED):
        login(pooler, direct_context(authority, "postgresql"), direct=True)
    until(lambda: "bad packet header: '1603" in pooler.log(), what="a line in the log")


# psql

def test_psql(make_tls_pooler, authority):
    pooler = make_tls_pooler({"client_tls_sslmode": "require"})
    verified = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": authority.ca}
    assert psql(pooler, "-c", "SELECT 1", **verified).stdout == "1\n"
    assert psql(pooler, "-c", "SELECT 2", **verified,
                PGSSLNEGOTIATION="direct").stdout == "2\n"
    wrong = psql(pooler, "-c", "SELECT 1", **{**verified, "PGHOST": "elsewhere"})
    assert "does not match host name" in wrong.stderr
    refused = psql(pooler, "-c", "SELECT 1", PGSSLMODE="disable")
    assert "SSL required" in refused.stderr


# Channel binding

PLUS_IS_WEIRS = "PgBouncer does not offer SCRAM-SHA-256-PLUS"


@pytest.mark.weir_only(PLUS_IS_WEIRS)
def test_channel_binding(make_tls_pooler, tls_cluster):
    pooler = make_tls_pooler({"auth_type": "scram-sha-256"}, userlist={
        "scram_user": tls_cluster.secret_of("scram_user"), "plain_user": "plain secret"})
    for user in ("scram_user", "plain_user"):
        known = {"user": user, "PGPASSWORD": PASSWORDS[user], "PGSSLMODE": "require"}
        assert psql(pooler, "-c", "SELECT 1", **known, PGCHANNELBINDING="require").stdout == "1\n"
        assert psql(pooler, "-c", "SELECT 1", **known, PGCHANNELBINDING="disable").stdout == "1\n"
        wrong = psql(pooler, "-c", "SELECT 1", **{**known, "PGPASSWORD": "wrong"})
        assert "SASL authentication failed" in wrong.stderr


class BindingClient(ScramClient):
    """Says what it is told about channel binding."""

    def __init__(self, header, data=b""):
        super().__init__(PASSWORDS["scram_user"])
        self._header = header
        self._binding = base64.b64encode(header + data)

    def first(self):
        return self._header + self._bare.encode()

    def final(self, server_first):
        return super().final(server_first).replace(b"c=biws", b"c=" + self._binding)


@pytest.mark.weir_only(PLUS_IS_WEIRS)
@pytest.mark.parametrize("said", [
    ("SCRAM-SHA-256", b"y,,", b""),  # somebody on the way has hidden the offer
    ("SCRAM-SHA-256", b"p=tls-server-end-point,,", b"x" * 32),
    ("SCRAM-SHA-256-PLUS", b"n,,", b""),
    ("SCRAM-SHA-256-PLUS", b"p=tls-unique,,", b"x" * 32),
    ("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,", b"x" * 32),
])
def test_wrong_channel_binding(make_tls_pooler, tls_cluster, authority, said):
    mechanism, header, data = said
    pooler = make_tls_pooler({"auth_type": "scram-sha-256"}, userlist={
        "scram_user": tls_cluster.secret_of("scram_user")})
    with encrypt(pooler.raw(), authority.context()) as client:
        client.send(fe.startup({"user": "scram_user", "database": "app"}))
        offer = client.read()
        assert offer.body[4:] == b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
        scram = BindingClient(header, data)
        client.send(fe.sasl_initial(mechanism, scram.first()))
        answer = client.read()
        if answer.kind == "R":
            client.send(fe.sasl_response(scram.final(answer.body[4:])))
        reply = client.read_to_end()
        error = reply.error if answer.kind == "R" else None
        assert answer.kind == "E" or error["M"] == "SASL authentication failed"


def test_a_password_for_the_server(make_tls_pooler, tls_cluster):
    """A PostgreSQL that offers channel binding is content with ours."""
    pooler = make_tls_pooler({"server_tls_sslmode": "require"}, databases={
        "app": {"user": "scram_user", "password": "'scram secret'"}})
    with pooler.connect() as client:
        assert client.value("SELECT current_user") == "scram_user"
        assert encrypted_to_server(client)


@pytest.mark.weir_only(PLUS_IS_WEIRS)
@pytest.mark.parametrize("offer, chosen", [
    (b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", b"SCRAM-SHA-256-PLUS\0p=tls-server-end-point,,"),
    (b"SCRAM-SHA-256\0\0", b"SCRAM-SHA-256\0y,,"),
])
def test_what_a_server_is_answered(make_tls_pooler, authority, offer, chosen):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate("server"), authority.key("server"))
    answers = []

    def script(session):
        session._file.read(8)
        session.send(b"S")
        session._end = context.wrap_socket(session._end, server_side=True)
        session._file = session._end.makefile("rb")
        session.startup()
        session.send(authentication(10, offer))
        answers.append(session.read())

    server = FakeServer(script)
    try:
        pooler = make_tls_pooler({"server_tls_sslmode": "require"}, server=server.address,
                                 databases={"app": {"user": "scram_user", "password": "secret"}})
        with pooler.raw() as client:
            client.send(fe.startup({"user": "alice", "database": "app"}))
            kind, body = until(lambda: answers, what="an answer")[0]
        assert kind == "p"
        mechanism, message = body.split(b"\0", 1)
        assert (mechanism + b"\0" + message[4:]).startswith(chosen)
    finally:
        server.close()


def test_keys_are_passed_through(make_tls_pooler, tls_cluster, authority):
    """A client's own SCRAM login, over TLS, logs it in to the server, over TLS."""
    pooler = make_tls_pooler({"auth_type": "scram-sha-256", "server_tls_sslmode": "require"},
                             userlist={"scram_user": tls_cluster.secret_of("scram_user")})
    with login(pooler, authority.context(), user="scram_user",
               password=PASSWORDS["scram_user"]) as client:
        assert encrypted_to_server(client)


# What is shown

def test_what_is_shown(make_tls_pooler, authority):
    pooler = make_tls_pooler({"server_tls_sslmode": "require"})
    with login(pooler, authority.context()) as client, pooler.connect(user="bob") as clear:
        assert client.alive() and clear.alive()
        with pooler.console() as console:
            by_user = {row["user"]: row["tls"] for row in console.clients()}
            assert SEEN.fullmatch(by_user["alice"]) and by_user["bob"] == ""
            until(lambda: all(SEEN.fullmatch(row["tls"]) for row in console.servers()),
                  what="servers with TLS, once they are logged in")
    for line in (f"login attempt: db=app user=alice tls={SEEN.pattern} replication=no",
                 "login attempt: db=app user=bob tls=no replication=no",
                 f"SSL established: {SEEN.pattern}"):
        until(lambda: re.search(line, pooler.log()), what=line)


# Bytes

BIG = 40_000_000


def connect_psycopg(pooler, **options):
    connection = psycopg2.connect(host="127.0.0.1", port=pooler.port, user="alice", dbname="app",
                                  sslmode="require", **options)
    connection.autocommit = True
    return connection


def test_a_large_value_both_ways(make_tls_pooler):
    pooler = make_tls_pooler({"server_tls_sslmode": "require"})
    connection = connect_psycopg(pooler)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT repeat('x', {BIG})")
        assert cursor.fetchone()[0] == "x" * BIG
        cursor.execute("SELECT length(%s), md5(%s)", ("y" * BIG, "z"))
        assert cursor.fetchone()[0] == BIG
    connection.close()


def test_copy(make_tls_pooler, authority):
    pooler = make_tls_pooler({"server_tls_sslmode": "require"})
    row = b"x" * 1000 + b"\n"
    with login(pooler, authority.context()) as client:
        client.exchange(fe.query("CREATE TABLE IF NOT EXISTS tls_copy (t text); TRUNCATE tls_copy"))
        client.send(fe.query("COPY tls_copy FROM STDIN"))
        client.read_until("G")
        for _ in range(20):
            client.send(fe.copy_data(row) * 1000)
        client.send(fe.copy_done())
        client.read_until("Z")
        assert client.value("SELECT count(*) FROM tls_copy") == "20000"
        reply = client.query("COPY tls_copy TO STDOUT", timeout=30)
        assert sum(len(message.body) for message in reply if message.kind == "d") == 20000 * 1001
        client.query("DROP TABLE tls_copy")


def test_a_slow_reader(make_tls_pooler, authority):
    """It holds up nobody else, and what it has not read is not kept in memory."""
    pooler = make_tls_pooler({"server_tls_sslmode": "require"})
    with login(pooler, authority.context()) as slow, login(pooler, authority.context()) as other:
        assert other.alive()
        before = pooler.resident_kb()
        slow.send(fe.query("SELECT repeat('x', 100000) FROM generate_series(1, 500)"))
        for _ in range(50):
            assert other.alive()
        assert pooler.resident_kb() - before < 20_000
        reply = slow.read_until("Z", timeout=60)
        assert sum(message.kind == "D" for message in reply) == 500


def test_records_fit_libpqs_buffer(make_tls_pooler, authority):
    """No record to a client is larger than PostgreSQL's: libpq always has room for 8 kB, and what
    it leaves inside OpenSSL wakes no poll()."""
    pooler = make_tls_pooler()
    raw = pooler.raw()
    raw.send(fe.ssl_request())
    assert raw.read_bytes(1) == b"S"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = authority.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    wire = bytearray()

    def pump(action):
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                raw.send(outgoing.read())
                data = raw.socket.recv(65536)
                wire.extend(data)
                incoming.write(data)

    pump(tls.do_handshake)
    tls.write(fe.startup({"user": "alice", "database": "app"}))
    tls.write(fe.query("SELECT repeat('x', 1000000)"))
    got = bytearray()
    while got.count(b"Z\0\0\0\5I") < 2:
        got += pump(lambda: tls.read(65536))
    raw.abandon()
    at, largest = 0, 0
    while at < len(wire):
        kind, length = wire[at], struct.unpack_from("!H", wire, at + 3)[0]
        largest = max(largest, length if kind == 23 else 0)
        at += 5 + length
    assert largest <= 8192 + 17 or KIND == "pgbouncer"
    assert at == len(wire)


def test_many_clients(make_tls_pooler, authority):
    """Two server connections over TLS go round between workers and clients."""
    pooler = make_tls_pooler({"server_tls_sslmode": "require", "max_client_conn": 100})
    context = authority.context()
    clients = [login(pooler, context) for _ in range(40)]
    for round_ in range(5):
        for client in clients:
            client.send(fe.query(f"SELECT {round_}, pg_sleep(0.001)"))
        for client in clients:
            assert not client.read_until("Z", timeout=30).errors
    for client in clients:
        client.close()


@pytest.mark.pgbouncer_differs("it logs OpenSSL's `unexpected eof while reading`", strict=False)
def test_leaving(make_tls_pooler, authority):
    """Clients that go without a word, in mid-query and in mid-handshake."""
    pooler = make_tls_pooler()
    for reset in (False, True):
        client = login(pooler, authority.context())
        client.send(fe.query("SELECT pg_sleep(0.1)"))
        client.abandon(reset)
        raw = pooler.raw()
        raw.send(fe.ssl_request())
        raw.read_bytes(1)
        raw.send(b"\x16\x03\x01\x02\x00\x01")
        raw.abandon(reset)
    with login(pooler, authority.context()) as client:
        assert client.alive()
    assert "unexpected eof while reading" not in pooler.log()


def test_cancel(make_tls_pooler, authority):
    pooler = make_tls_pooler({"server_tls_sslmode": "require"})
    with login(pooler, authority.context()) as client:
        for encrypted in (True, False):
            client.send(fe.query("SELECT pg_sleep(60)"))
            until(lambda: pooler.cluster.backends(SLEEPING), what="the query runs")
            if encrypted:
                with encrypt(pooler.raw(), authority.context()) as asker:
                    asker.send(fe.cancel_request(client.pid, client.key))
                    assert [message.kind for message in asker.read_to_end()] == ["eof"]
            else:
                cancel(pooler.address, client.pid, client.key)
            assert client.read_until("Z").error["C"] == "57014"
            assert client.alive()


# Servers

@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("on", [True, False])
def test_modes_for_servers(make_pooler, tls_cluster, authority, mode, on):
    """Where the server has TLS, and where it says no."""
    settings = {"server_tls_sslmode": mode, "server_tls_ca_file": authority.ca}
    tls_cluster.execute(f"ALTER SYSTEM SET ssl = {'on' if on else 'off'}")
    tls_cluster.execute("SELECT pg_reload_conf()")
    try:
        until(lambda: tls_cluster.execute("SHOW ssl").value == ("on" if on else "off"),
              what="the server's setting")
        pooler = make_pooler(settings={**settings, "client_login_timeout": 3})
        if not on and mode in INSISTING:
            with pytest.raises(Refused) as refusal:
                pooler.connect()
            until(lambda: "server refused SSL" in pooler.log(), what="a line in the log")
            if KIND == "weir":
                assert refusal.value.error["M"] == "server refused SSL"
            return
        with pooler.connect() as client:
            assert encrypted_to_server(client) == (on and mode != "disable")
    finally:
        tls_cluster.execute("ALTER SYSTEM SET ssl = on")
        tls_cluster.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("case", [
    pytest.param(("verify-full", "localhost", True,
                  "name `localhost' not present in server certificate"),
                 marks=pytest.mark.pgbouncer_differs("it looks for localhost at ::1 only")),
    ("verify-full", "127.0.0.1", True, None),
    ("verify-ca", "127.0.0.1", True, None),
    ("verify-ca", "127.0.0.1", False, "certificate verify failed"),
    ("verify-full", "127.0.0.1", False, "certificate verify failed"),
    ("require", "127.0.0.1", False, None),
])
def test_servers_are_verified(make_pooler, tls_cluster, authority, case):
    mode, host, known, reason = case
    stranger = Authority("a stranger")
    try:
        pooler = make_pooler(
            settings={"server_tls_sslmode": mode, "client_login_timeout": 2,
                      "server_tls_ca_file": authority.ca if known else stranger.ca},
            databases={"app": {"host": host}})
        if reason is None:
            with pooler.connect() as client:
                assert encrypted_to_server(client)
            return
        with pytest.raises(Refused) as refusal:
            pooler.connect()
        if KIND == "weir":
            assert reason in refusal.value.error["M"]
        until(lambda: reason in pooler.log(), what="the reason in the log")
    finally:
        stranger.remove()


def test_our_certificate_for_servers(make_pooler, tls_cluster, authority):
    tls_cluster._write("pg_hba.conf", "hostssl all alice 127.0.0.1/32 cert\n" + HBA)
    tls_cluster.execute("SELECT pg_reload_conf()")
    try:
        pooler = make_pooler(settings={
            "server_tls_sslmode": "require", "server_tls_key_file": authority.key("alice"),
            "server_tls_cert_file": authority.certificate("alice")})
        with pooler.connect() as client:
            assert client.value("SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()") \
                == "/CN=alice"
    finally:
        tls_cluster._write("pg_hba.conf", HBA)
        tls_cluster.execute("SELECT pg_reload_conf()")


@pytest.mark.weir_only("PgBouncer knows no direct TLS to servers")
def test_direct_tls_to_servers(make_pooler, tls_cluster):
    pooler = make_pooler(settings={"server_tls_sslmode": "require"},
                         weir={"server_tls_sslnegotiation": "direct"})
    with pooler.connect() as client:
        assert encrypted_to_server(client)
        client.send(fe.query("SELECT pg_sleep(60)"))
        until(lambda: tls_cluster.backends(SLEEPING), what="the query runs")
        client.cancel()
        assert client.read_until("Z").error["C"] == "57014"


@pytest.mark.parametrize("answer, reason", [
    (b"SZ", "received unencrypted data after SSL response"),
    (b"E\0\0\0\x05\0", "bad sslreq answer"),
    (b"?", "bad sslreq answer"),
])
def test_servers_that_answer_strangely(make_pooler, answer, reason):
    def script(session):
        session._file.read(8)
        session.send(answer)
        session.read()

    server = FakeServer(script)
    try:
        pooler = make_pooler(server=server.address, settings={
            "server_tls_sslmode": "require", "client_login_timeout": 2})
        with pytest.raises(Refused):
            pooler.connect()
        until(lambda: reason in pooler.log(), what="the reason in the log")
    finally:
        server.close()


# Configuration

def test_certificates_are_reloaded(make_tls_pooler, authority):
    authority.issue("fresh", "localhost", "DNS:localhost")
    authority.issue("first", "localhost", "DNS:localhost")
    pooler = make_tls_pooler({"client_tls_key_file": authority.key("first"),
                              "client_tls_cert_file": authority.certificate("first")})
    with login(pooler, authority.context()) as old, pooler.console() as console:
        shown = old.socket.getpeercert(binary_form=True)
        for kind in (".key", ".crt"):
            os.replace(authority.directory.file("fresh" + kind),
                       authority.directory.file("first" + kind))
        console.do("RELOAD")
        with login(pooler, authority.context()) as new:
            assert new.socket.getpeercert(binary_form=True) != shown
            assert new.alive()
        assert old.alive()


@pytest.mark.pgbouncer_differs("a reload goes on with what was read before the error", strict=False)
def test_a_bad_certificate_fails_the_whole_reload(make_tls_pooler, authority):
    pooler = make_tls_pooler()
    authority.directory.write("bad.crt", "no certificate\n")
    with login(pooler, authority.context()) as client, pooler.console() as console:
        pooler.configure(settings=client_settings(
            authority, client_tls_cert_file=authority.directory.file("bad.crt"),
            query_timeout=77))
        assert console.run("RELOAD").error["C"] == "F0000"
        assert console.config("query_timeout") == "0"
        reason = (r"pool\.ini:\d+: TLS setup failed: client_tls_cert_file \S+bad\.crt holds no "
                  "usable certificate")
        until(lambda: re.search(reason, pooler.log()), what=reason)
        assert console.run("SET client_tls_key_file = '/nonexistent'").errors
        assert client.alive()
        with login(pooler, authority.context()) as another:
            assert another.alive()


@pytest.mark.weir_only("texts are Weir's")
@pytest.mark.parametrize("settings, text", [
    ({"client_tls_cert_file": "/nonexistent"}, "could not read client_tls_cert_file /nonexistent: "
                                               "No such file or directory"),
    ({"client_tls_cert_file": None, "client_tls_key_file": None},
     "To allow TLS connections from clients, client_tls_key_file and client_tls_cert_file must be "
     "set."),
    ({"client_tls_sslmode": "verify-ca", "client_tls_ca_file": None},
     "client_tls_sslmode requires client_tls_ca_file"),
    ({"client_tls_protocols": "sslv3"}, "\"sslv3\" is no TLS protocol"),
    ({"server_tls_ciphers": "NOSUCH"}, "invalid ciphers \"NOSUCH\""),
])
def test_bad_settings_refuse_the_start(make_tls_pooler, settings, text):
    pooler = make_tls_pooler(settings, wait=False)
    assert pooler.wait() == 1
    pooler.may_end = True
    checked = subprocess.run([program(), "check", pooler.ini], capture_output=True, text=True,
                             **spawn_options())
    assert checked.returncode == 1
    for told in (pooler.log(), checked.stdout):
        assert "TLS setup failed: " in told and text in told
    assert re.search(r"pool\.ini:\d+: error: ", checked.stdout)
    pooler.process = None


def test_changed_settings_for_servers_reconnect(make_pooler, tls_cluster):
    pooler = make_pooler(settings={"server_tls_sslmode": "disable"})
    with pooler.connect() as client, pooler.console() as console:
        assert not encrypted_to_server(client)
        pooler.configure(settings={"server_tls_sslmode": "require"})
        console.do("RELOAD")
        until(lambda: encrypted_to_server(client), what="the next transaction has TLS")
        console.do("SET server_tls_sslmode = 'disable'")
        until(lambda: not encrypted_to_server(client), what="it is off again")


def test_protocols_and_ciphers(make_tls_pooler, authority):
    pooler = make_tls_pooler({"client_tls_protocols": "tlsv1.2",
                              "client_tls_ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"})
    with login(pooler, authority.context()) as client:
        assert client.socket.version() == "TLSv1.2"
        assert client.socket.cipher()[0] == "ECDHE-ECDSA-AES128-GCM-SHA256"
    context = authority.context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(REFUSED):
        login(pooler, context)


def test_switched_on_and_off_by_reload(make_tls_pooler, authority):
    pooler = make_tls_pooler({"client_tls_sslmode": "disable"})
    with pooler.console() as console, pooler.connect() as clear:
        console.do("SET client_tls_sslmode = 'require'")
        with login(pooler, authority.context()) as client:
            console.do("SET client_tls_sslmode = 'disable'")
            assert client.alive() and clear.alive()
            with pooler.raw() as raw:
                raw.send(fe.ssl_request())
                assert raw.read_bytes(1) == b"N"

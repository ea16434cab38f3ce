"""The HTTP server: who may ask, what it answers, and that nothing it is sent does harm."""

import contextlib
import re
import socket
import ssl
import time

import pytest

from harness.certificates import Authority
from harness.http import basic, bearer, get, request, scrape
from harness.pooler import KIND
from harness.ports import Port
from harness.waiting import until
from harness.wire import Closed, Refused

pytestmark = pytest.mark.skipif(KIND != "weir", reason="PgBouncer has no HTTP")


@pytest.fixture
def port():
    port = Port()
    yield port.number
    port.release()


@pytest.fixture
def served(make_pooler, port):
    return make_pooler(weir={"http_port": port})


def own_address():
    """One of this machine's that is not loopback, or none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


needs_address = pytest.mark.skipif(own_address() is None, reason="no address but loopback")


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


# What there is

def test_pages(served, port):
    assert f"listening on 127.0.0.1:{port} (http)" in served.log()
    assert get(port, "/healthz").json == {"alive": True}
    assert get(port, "/readyz").json == {"ready": True}
    index = get(port, "/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    for path in re.findall(r'href="([^"]+)"', index.text):
        assert get(port, path).status == 200, path
    assert get(port, "/nowhere").status == 404
    head = request(port, "/metrics", method="HEAD")
    assert head.status == 200 and head.text == "" and int(head.headers["content-length"]) > 1000


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(served, port, method):
    answer = request(port, "/api/v1/pools", method=method)
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"


def test_tables_are_those_of_the_console(served, port):
    with served.connect() as client, served.console() as console:
        client.query("SELECT 1")
        for what in get(port, "/api/v1/").json:
            shown = console.do(f"SHOW {what}").dicts
            given = get(port, f"/api/v1/{what}").json
            assert [list(row) for row in given] == [list(row) for row in shown], what
        (pool,) = [row for row in get(port, "/api/v1/pools").json if row["database"] == "app"]
        assert (pool["user"], pool["cl_active"], pool["sv_idle"]) == ("alice", 1, 1)
        assert pool["load_balance_hosts"] is None
        (row,) = [row for row in get(port, "/api/v1/clients").json if row["database"] == "app"]
        assert row["port"] == client.socket.getsockname()[1]
    assert get(port, "/api/v1/version").json[0]["version"].startswith("PgBouncer 1.26.1")
    for what in ("fds", "help", "timezone", "nosuch", "..%2fmetrics"):
        assert get(port, f"/api/v1/{what}").status == 404


def test_names_cannot_leave_their_place(make_pooler, port):
    name = 'a\\"b'
    pooler = make_pooler(weir={"http_port": port},
                         databases={"app": {}, "*": {}}, settings={"max_client_conn": 50})
    with pooler.connect(parameters={"application_name": name}) as client:
        client.query("SELECT 1")
        clients = get(port, "/api/v1/clients").json
        assert name in [row["application_name"] for row in clients]
        connections = scrape(port).series("pgbouncer_client_connections")
        assert [value for labels, value in connections.items()
                if ("application_name", 'a\\\\\\"b') in labels] == [1]


# Readiness

def test_not_ready_while_the_server_is_down(served, port, cluster):
    with served.connect() as client:
        assert client.value("SELECT 1") == "1"
    cluster.stop()
    try:
        def reasons():
            with contextlib.suppress(Refused, Closed):
                with served.connect() as client:
                    client.query("SELECT 1")
            answer = get(port, "/readyz")
            return answer.status == 503 and answer.json["reasons"]
        (reason,) = until(reasons, timeout=20, what="not ready")
        assert "database app" in reason
        assert get(port, "/healthz").status == 200
    finally:
        cluster.start()
    with served.connect() as client:
        assert client.value("SELECT 1") == "1"
        assert get(port, "/readyz").json == {"ready": True}


def test_not_ready_with_a_broken_file(served, port):
    served.configure(weir={"http_port": port}, settings={"max_client_conn": "many"})
    served.signal("HUP")
    answer = until(lambda: get(port, "/readyz").status == 503 and get(port, "/readyz"),
                   what="not ready")
    assert "configuration" in answer.json["reasons"][0]
    metrics = scrape(port)
    assert metrics.value("weir_config_last_reload_successful") == 0
    assert metrics.value("weir_config_reloads_total", result="failure") == 1
    served.configure(weir={"http_port": port})
    served.signal("HUP")
    until(lambda: get(port, "/readyz").status == 200, what="ready again")


# Who may ask

def test_token(make_pooler, port):
    token = "s3cret-token"
    pooler = make_pooler(weir={"http_port": port, "http_token": token, "auth_failure_delay": 0})
    for headers in ({}, bearer("wrong"), bearer(token + "x"), basic("console", "")):
        denied = get(port, "/metrics", headers=headers)
        assert denied.status == 401 and denied.headers["www-authenticate"] == "Bearer"
    assert get(port, "/healthz").status == 200
    assert scrape(port, headers=bearer(token)).value("weir_http_denied_total") == 4
    with pooler.console() as console:
        console.show("CONFIG")
    assert "without a valid token" in pooler.log() and token not in pooler.log()


@needs_address
def test_other_machines_need_a_password(make_pooler, port):
    address = own_address()
    make_pooler(weir={"http_port": port, "http_addr": address, "auth_failure_delay": 0},
                userlist={"alice": "wonder", "watch": "see", "console": ""})
    options = {"host": address}
    for headers in ({}, basic("watch", "sea"), basic("alice", "wonder"), basic("console", "")):
        denied = get(port, "/api/v1/pools", headers=headers, **options)
        assert denied.status == 401 and denied.headers["www-authenticate"].startswith("Basic ")
    assert get(port, "/api/v1/pools", headers=basic("watch", "see"), **options).status == 200


def test_nothing_open_without_protection(make_pooler, port):
    pooler = make_pooler(weir={"http_port": port, "http_addr": "*"}, wait=False,
                         userlist={"alice": "", "watch": "", "console": ""})
    assert pooler.wait() == 1
    pooler.process = None  # its status is what was asked for
    line = next(i for i, text in enumerate(open(pooler.ini, encoding="utf-8"), 1)
                if text.startswith("http_addr"))
    assert f"pool.ini:{line}: http_addr * is open to other machines" in pooler.log()
    assert "set http_token" in pooler.log()


def test_tls(make_pooler, port):
    authority = Authority()
    try:
        authority.issue("web", "web", "IP:127.0.0.1")
        pooler = make_pooler(weir={"http_port": port,
                                   "http_tls_cert_file": authority.certificate("web"),
                                   "http_tls_key_file": authority.key("web")})
        assert f"listening on 127.0.0.1:{port} (https)" in pooler.log()
        assert get(port, "/healthz", authority=authority.ca).json == {"alive": True}
        metrics = scrape(port, authority=authority.ca)
        end = metrics.value("weir_certificate_expiry_timestamp_seconds", side="http")
        assert 0 < end - time.time() < 3 * 86400
        with pytest.raises(OSError):
            get(port, "/healthz")
        with pytest.raises(ssl.SSLError):
            context = ssl.create_default_context()
            with socket.create_connection(("127.0.0.1", port)) as raw:
                context.wrap_socket(raw, server_hostname="127.0.0.1")
        assert get(port, "/healthz", authority=authority.ca).status == 200
    finally:
        authority.remove()


# Ports and reloads

def test_taken_port_is_only_a_warning(make_pooler, port):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        pooler = make_pooler(weir={"http_port": port})
        with pooler.connect() as client:
            assert client.value("SELECT 1") == "1"
        (line,) = [line for line in pooler.log().splitlines() if "no metrics over HTTP" in line]
        assert "WARNING" in line and "already in use" in line and "set http_port" in line
    until(lambda: not refuses(port), what="it listens once the port is free")
    assert pooler.log().count("no metrics over HTTP") == 1


def test_reload_moves_it(served, port):
    second = Port()
    try:
        served.configure(weir={"http_port": second.number})
        served.signal("HUP")
        until(lambda: not refuses(second.number), what="it listens on the new port")
        assert get(second.number, "/healthz").status == 200 and refuses(port)
        served.configure(weir={"http_port": 0})
        served.signal("HUP")
        until(lambda: refuses(second.number), what="it is off")
        served.configure(weir={"http_port": port})
        served.signal("HUP")
        until(lambda: not refuses(port), what="it is on again")
        served.configure(weir={"http_port": port, "http_token": "t", "auth_failure_delay": 0})
        served.signal("HUP")
        until(lambda: get(port, "/metrics").status == 401, what="the token counts")
        assert get(port, "/metrics", headers=bearer("t")).status == 200
    finally:
        second.release()


def test_strict_has_none_unless_asked(make_pooler, port):
    quiet = make_pooler(weir={"strict": 1, "http_port": None})
    assert "(http)" not in quiet.log()
    make_pooler(weir={"strict": 1, "http_port": port})
    assert get(port, "/healthz").status == 200


# Hostile and slow guests

GARBAGE = [b"\x00" * 100, b"GET", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50, b"\x16\x03\x01\x02\x00",
           b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
           b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
           b"GET /metrics HTTP/1.1\r\nRange: bytes=" + b"0-," * 2000 + b"0-\r\n\r\n",
           b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"z" * 100_000,
           b"GET /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /",
           b"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
           b"GET /metrics HTTP/1.1\r\nAuthorization: Basic \xff\xfe\r\n\r\n"]


@pytest.mark.parametrize("bytes_sent", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage(served, port, bytes_sent):
    with socket.create_connection(("127.0.0.1", port)) as guest:
        try:
            guest.sendall(bytes_sent)
            guest.shutdown(socket.SHUT_WR)
            received = 0
            while piece := guest.recv(65536):
                received += len(piece)
            assert received < 1_000_000
        except OSError:
            pass  # closed on us
    assert get(port, "/healthz").status == 200


def test_two_requests_on_one_connection(served, port):
    with socket.create_connection(("127.0.0.1", port)) as guest:
        for _ in range(2):
            guest.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            text = b""
            while not text.endswith(b"}\n"):
                text += guest.recv(4096)
            assert text.startswith(b"HTTP/1.1 200")


def test_silent_guests_hurt_nobody_and_the_end_is_prompt(served, port):
    """Many open connections, some in the middle of a request: pooling goes on, and so does the
    server's end."""
    guests = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    try:
        for guest in guests[::2]:
            guest.sendall(b"GET /metrics HTTP/1.1\r\nX")
        before = served.descriptors()
        with served.connect() as client:
            for _ in range(50):
                assert client.value("SELECT 1") == "1"
        assert served.descriptors() < before + 20
        served.signal("QUIT")
        served.wait()  # not for the guests, of whom it would give up eight at a time
    finally:
        for guest in guests:
            guest.close()


def test_guests_are_served_when_the_silent_have_gone(served, port):
    guests = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for guest in guests:
        guest.close()
    assert get(port, "/healthz").status == 200


def test_descriptors_above_1024(make_pooler, port):
    """select() cannot take these; the library would use it."""
    pooler = make_pooler(weir={"http_port": port}, 
                         settings={"max_client_conn": 2000, "tcp_defer_accept": 0})
    clients = [pooler.connect() for _ in range(40)]
    waiting = [socket.create_connection(pooler.address) for _ in range(1100)]
    try:
        until(lambda: pooler.descriptors() > 1100, what="many descriptors")
        assert get(port, "/healthz").status == 200
        assert scrape(port).value("pgbouncer_pools_client_active_connections",
                                  database="app", user="alice") == 40
    finally:
        for connection in waiting:
            connection.close()
        for client in clients:
            client.close()

"""The alerts of deploy/prometheus/ in the real thing: Prometheus scrapes a pooler, the condition is
caused, the alert fires, the condition ends, the alert clears. Waits and windows are made short."""

import shutil
import threading

import pytest

from harness import frontend as fe
from harness.certificates import Authority
from harness.pooler import KIND
from harness.ports import Port
from harness.prometheus import Prometheus
from harness.waiting import until
from harness.wire import Closed, Refused, Silence

pytestmark = pytest.mark.skipif(KIND != "weir", reason="metrics of Weir")


@pytest.fixture
def prometheus():
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    owned = Prometheus()
    yield owned
    owned.close()


@pytest.fixture
def watched(make_pooler, prometheus):
    """Starts a pooler that Prometheus scrapes; all is well at first."""
    claims = []

    def start(**configuration):
        claims.append(Port())
        port = claims[-1].number
        pooler = make_pooler(weir={"http_port": port}, **configuration)
        pooler.http_port = port
        prometheus.watch("pgbouncer", port)
        until(lambda: prometheus.value("pgbouncer_up"), timeout=30, what="the first scrape")
        return pooler

    yield start
    for claim in claims:
        claim.release()


class Busy(threading.Thread):
    """A client that does `work` with new connections again and again, whatever comes of it."""

    def __init__(self, pooler, work):
        super().__init__()
        self._pooler, self._work = pooler, work
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.05):
            try:
                with self._pooler.connect("alice") as client:
                    while not self._end.is_set():
                        self._work(client)
            except (OSError, Closed, Refused, Silence):
                continue

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()


def test_a_full_pool(watched, prometheus):
    pooler = watched(settings={"max_client_conn": 16, "max_db_connections": 2})
    clients = [pooler.connect("alice") for _ in range(14)]
    for client in clients[:2]:
        client.query("BEGIN")
    for client in clients[2:]:
        client.send(fe.query("SELECT 1"))
    queue, *_ = prometheus.fires("WeirQueueLong", "WeirPoolNearlyFull", "WeirClientsNearLimit",
                                 "WeirDatabaseNearLimit")
    assert (queue["database"], queue["user"]) == ("app", "alice")
    assert queue["severity"] == "critical"
    # Those who waited have waited long, which shows when they are served.
    for client in clients[:2]:
        client.query("COMMIT")
    prometheus.fires("WeirWaitLong")
    for client in clients:
        client.abandon()
    prometheus.clears("WeirQueueLong", "WeirPoolNearlyFull", "WeirClientsNearLimit",
                      "WeirWaitLong")
    with pooler.console() as console:
        console.do("RECONNECT")
    prometheus.clears("WeirDatabaseNearLimit")


def test_descriptors(watched, prometheus):
    pooler = watched()
    pooler.limit_descriptors(pooler.descriptors() + 55)
    clients = [pooler.connect("alice") for _ in range(50)]
    prometheus.fires("WeirDescriptorsNearLimit")
    for client in clients:
        client.abandon()
    prometheus.clears("WeirDescriptorsNearLimit")


def test_a_reload_that_fails(watched, prometheus):
    pooler = watched()
    with open(pooler.ini, encoding="utf-8") as file:
        good = file.read()
    pooler.directory.write("pool.ini", good + "\n[pgbouncer]\npool_mode = sometimes\n")
    pooler.signal("HUP")
    prometheus.fires("WeirReloadFailed")
    pooler.directory.write("pool.ini", good)
    pooler.signal("HUP")
    prometheus.clears("WeirReloadFailed")


def test_a_certificate_that_expires(watched, prometheus):
    authority = Authority()
    try:
        authority.issue("pooler", "localhost", days=2)
        pooler = watched(settings={
            "client_tls_sslmode": "allow", "client_tls_key_file": authority.key("pooler"),
            "client_tls_cert_file": authority.certificate("pooler")})
        soon, later = prometheus.fires("WeirCertificateExpiresSoon", "WeirCertificateExpires")
        assert soon["side"] == later["side"] == "client"
        authority.issue("pooler", "localhost", days=20)
        pooler.signal("HUP")
        prometheus.clears("WeirCertificateExpiresSoon")
        assert "WeirCertificateExpires" in prometheus.firing()
        authority.issue("pooler", "localhost", days=60)
        pooler.signal("HUP")
        prometheus.clears("WeirCertificateExpires")
    finally:
        authority.remove()


def test_a_server_that_is_gone(watched, prometheus, cluster):
    pooler = watched(settings={"query_wait_timeout": 2, "server_login_retry": 0})
    with Busy(pooler, lambda client: client.query("SELECT 1")):
        cluster.stop()
        prometheus.fires("WeirServerErrors", "WeirServerUnreachable")
        cluster.start()
        prometheus.clears("WeirServerErrors", "WeirServerUnreachable", "WeirQueriesTimeOut")


def test_queries_that_time_out(watched, prometheus):
    pooler = watched(settings={"query_timeout": 1})
    with Busy(pooler, lambda client: client.query("SELECT pg_sleep(5)")):
        prometheus.fires("WeirQueriesTimeOut")
    prometheus.clears("WeirQueriesTimeOut")


def test_slow_queries(watched, prometheus):
    pooler = watched()
    with Busy(pooler, lambda client: client.query("SELECT pg_sleep(1.5)")):
        prometheus.fires("WeirQueriesSlow")
    prometheus.clears("WeirQueriesSlow")


def test_the_pooler_is_gone(watched, prometheus):
    pooler = watched()
    pooler.signal("KILL")
    pooler.wait()
    prometheus.fires("WeirDown")
    pooler.may_end = False
    pooler.start()
    prometheus.clears("WeirDown")


def test_nobody_watches(watched, prometheus):
    pooler = watched()
    prometheus.watch("something_else", pooler.http_port)
    prometheus.fires("WeirVanished")
    prometheus.watch("pgbouncer", pooler.http_port)
    prometheus.clears("WeirVanished")

"""/metrics against Debian's exporter of the same pooler, and against promtool.

PGBOUNCER_EXPORTER_BIN names prometheus-pgbouncer-exporter 0.12 (tools/go-exporter unpacks it)."""

import os
import shutil
import subprocess

import pytest

from harness.http import Metrics, get, scrape
from harness.pooler import KIND
from harness.ports import Port
from harness.waiting import seconds, until

pytestmark = pytest.mark.skipif(KIND != "weir", reason="PgBouncer has no HTTP")

EXPORTER = os.environ.get("PGBOUNCER_EXPORTER_BIN")
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
OPENMETRICS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
               "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
# What each of the two tells of itself.
OWN = ("weir_", "go_", "promhttp_", "process_", "pgbouncer_exporter_build_info")
# What goes on while one looks: the clock, the looking itself, the machine's network.
RESTLESS = ("pgbouncer_process_cpu_seconds_total", "pgbouncer_process_resident_memory_bytes",
            "pgbouncer_process_virtual_memory_bytes", "pgbouncer_process_open_fds",
            "pgbouncer_process_network_receive_bytes_total",
            "pgbouncer_process_network_transmit_bytes_total")


@pytest.fixture
def port():
    port = Port()
    yield port.number
    port.release()


@pytest.fixture
def pooler(make_pooler, port):
    return make_pooler(
        weir={"http_port": port}, settings={"pidfile": "weir.pid", "max_user_connections": 7},
        databases={"app": {"pool_size": 3}, "forced": {"user": "bob"}, "paused": {},
                   "*": {"host": "localhost"}})


@pytest.fixture
def exporter(pooler):
    """Where an exporter of this pooler answers."""
    if not EXPORTER:
        pytest.skip("PGBOUNCER_EXPORTER_BIN is not set")
    port = Port()
    with open(pooler.directory.file("exporter.log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [EXPORTER, f"--web.listen-address=127.0.0.1:{port.number}",
             f"--pgBouncer.pid-file={pooler.directory.file('weir.pid')}",
             "--pgBouncer.connectionString=postgres://console@127.0.0.1:"
             f"{pooler.port}/pgbouncer?sslmode=disable"], stdout=log, stderr=log)
    try:
        until(lambda: answers(port.number), what="the exporter answers")
        yield port.number
    finally:
        process.kill()
        process.wait()
        port.release()


def answers(port):
    try:
        return get(port, "/metrics").status == 200
    except OSError:
        return False


def use(pooler):
    """Some traffic, and clients that stay."""
    with pooler.connect() as client:
        for _ in range(7):
            client.query("SELECT repeat('x', 1000)")
        client.extended("SELECT 1")
    stay = [pooler.connect(parameters={"application_name": name}) for name in ("web", "web", "")]
    stay.append(pooler.connect("carol", "forced"))
    for client in stay:
        client.query("SELECT 1")
    stay[0].query("BEGIN")
    return stay


def by_the_exporter(metrics):
    """Its series of the pooler, but for its own connection's and what never rests."""
    return {(name, labels): value for (name, labels), value in metrics.values.items()
            if not name.startswith(OWN) and name not in RESTLESS
            and ("user", "console") not in labels and ("database", "pgbouncer") not in labels
            and name not in ("pgbouncer_used_clients", "pgbouncer_free_clients")}


def test_the_exporters_series(pooler, port, exporter):
    clients = use(pooler)
    with pooler.console() as console:
        console.do("PAUSE paused")
    try:
        def equal():
            """At rest, once two scrapes of ours around the exporter's are the same."""
            before, theirs, after = (scrape(p) for p in (port, exporter, port))
            ours = by_the_exporter(before)
            return ours == by_the_exporter(after) and (theirs, before)
        theirs, ours = until(equal, timeout=20, what="the pooler rests")
        expected = by_the_exporter(theirs)
        assert len(expected) > 80
        assert {key: ours.values.get(key) for key in expected} == expected
        for name in {name for name, _ in theirs.values if not name.startswith(OWN)}:
            assert ours.types.get(name) == theirs.types[name], name
            assert ours.helps[name] == theirs.helps[name], name
        assert theirs.value("pgbouncer_up") == 1
    finally:
        for client in clients:
            client.close()


def test_older_names_of_dashboards(pooler, port):
    for client in use(pooler):
        client.close()
    metrics = scrape(port)
    totals = [name for name, _ in metrics.values if name.startswith("pgbouncer_stats_totals_")]
    for name in totals:
        older = name.replace("_stats_totals_", "_stats_")
        assert metrics.series(older) == metrics.series(name), older
    assert metrics.value("pgbouncer_stats_queries_pooled_total", database="app") >= 10


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")
def test_promtool_finds_nothing_wrong(pooler, port):
    clients = use(pooler)
    try:
        text = get(port, "/metrics").text
        done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, text=True,
                              capture_output=True, timeout=seconds(30))
        # Names are the exporter's; what it finds in those is not ours to change.
        complaints = [line for line in (done.stdout + done.stderr).splitlines()
                      if not line.startswith("pgbouncer_")]
        assert done.returncode in (0, 3) and complaints == []
    finally:
        for client in clients:
            client.close()


def test_openmetrics(pooler, port):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    clients = use(pooler)
    try:
        plain = get(port, "/metrics")
        answer = get(port, "/metrics", headers={"Accept": OPENMETRICS})
        assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        families = list(parser.text_string_to_metric_families(answer.text))
        names = {sample.name for family in families for sample in family.samples}
        assert names == {name for name, _ in Metrics.parse(plain.text).values}
        assert answer.text.endswith("# EOF\n")
    finally:
        for client in clients:
            client.close()


def test_figures_of_the_process(pooler, port):
    metrics = scrape(port)
    assert metrics.value("pgbouncer_process_open_fds") == pytest.approx(pooler.descriptors(), abs=3)
    assert metrics.value("pgbouncer_process_resident_memory_bytes") > 1_000_000
    assert 0 <= metrics.value("weir_uptime_seconds") < 1000
    assert metrics.value("weir_worker_loop_turns_total", worker="0") > 0
    assert metrics.value("weir_worker_cpu_seconds_total", worker="0") >= 0
    (hash_before,) = metrics.series("weir_config_info")
    pooler.configure(weir={"http_port": port}, settings={"max_client_conn": 77})
    pooler.signal("HUP")

    def reloaded():
        now = scrape(port)
        return now.value("weir_config_reloads_total", result="success") == 1 and now
    now = until(reloaded, what="it has reloaded")
    assert now.series("weir_config_info").keys() != {hash_before}
    assert now.value("pgbouncer_config_max_client_connections") == 77


def test_failed_logins_are_counted(make_pooler, port):
    pooler = make_pooler(weir={"http_port": port, "auth_failure_delay": 0},
                         settings={"auth_type": "plain"})
    for _ in range(3):
        with pytest.raises(Exception, match="password"):
            pooler.connect(password="wrong")
    assert scrape(port).value("weir_login_failures_total") == 3


def test_series_are_bounded(make_pooler, port):
    databases = {f"d{i:02}": {} for i in range(40)}
    pooler = make_pooler(weir={"http_port": port, "metrics_max_series": 400}, databases=databases)
    for name in databases:
        with pooler.connect(database=name) as client:
            client.query("SELECT 1")
    metrics = scrape(port)
    pools = metrics.series("pgbouncer_pools_server_idle_connections")
    assert len(pools) == 8
    assert sum(pools.values()) == 40
    assert metrics.value("pgbouncer_pools_server_idle_connections", database="other",
                         user="other") == 33
    assert metrics.value("pgbouncer_pools") == 41

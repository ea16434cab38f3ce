"""SHOW HISTOGRAMS and COUNTERS: where time goes, and what happened.

Durations are compared with each other, by wide margins, or held against what cannot be faster.
"""

import threading
import time

import pytest

from harness import frontend as fe
from harness.certificates import Authority, secure_login
from harness.http import scrape
from harness.ports import Port
from harness.waiting import until
from harness.wire import Refused

COLUMNS = ("name database user application count mean_us p50_us p90_us p99_us p999_us "
           "max_us").split()

pytestmark = pytest.mark.pgbouncer_differs("it has neither")


def histograms(pooler, database="app"):
    """The pool's rows by name, with their sums."""
    with pooler.console("watch") as console:
        rows = [row for row in console.show("HISTOGRAMS") if row["database"] == database]
    found = {row["name"]: {key: int(row[key]) for key in COLUMNS[4:]} for row in rows}
    for row in found.values():
        row["sum"] = row["count"] * row["mean_us"]
    return found


def counters(pooler):
    with pooler.console("watch") as console:
        return {(row["name"], row["labels"]): int(row["value"])
                for row in console.show("COUNTERS")}


def counted(pooler, name, labels):
    return counters(pooler).get((name, labels), 0)


def test_columns(make_pooler):
    pooler = make_pooler()
    with pooler.connect() as client, pooler.console() as console:
        client.alive()
        assert console.do("SHOW HISTOGRAMS").columns == COLUMNS
        assert console.do("show counters").columns == ["name", "labels", "value"]
        assert "HISTOGRAMS" in console.do("SHOW HELP").notices[0]["D"]


def test_strict_has_neither(make_pooler):
    pooler = make_pooler(weir={"strict": 1})
    with pooler.console() as console:
        for what in ("HISTOGRAMS", "COUNTERS"):
            (error,) = console.run(f"SHOW {what}").errors
            assert error["M"] == f"invalid command 'SHOW {what}', use SHOW HELP;"
        assert "HISTOGRAMS" not in console.do("SHOW HELP").notices[0]["D"]


def test_slow_queries_are_the_servers_time(make_pooler):
    pooler = make_pooler()
    with pooler.connect() as client:
        for _ in range(3):
            client.query("SELECT pg_sleep(0.3)")
    h = histograms(pooler)
    assert h["query"]["count"] == h["server"]["count"] == h["transaction"]["count"] == 3
    assert h["query"]["p50_us"] >= 290_000
    assert h["server"]["sum"] > 2 * (h["client_read"]["sum"] + h["wait"]["sum"])
    assert "client_idle" not in h


def test_a_saturated_pool_is_waiting(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    clients = [pooler.connect() for _ in range(6)]
    for client in clients:
        client.send(fe.query("SELECT pg_sleep(0.2)"))
    for client in clients:
        client.read_until("Z", timeout=30)
        client.close()
    h = histograms(pooler)
    assert h["wait"]["count"] >= 6  # logins may need a server, too
    assert h["wait"]["sum"] > 1.5 * h["server"]["sum"]
    assert h["wait"]["max_us"] >= 900_000


def test_an_idle_transaction_is_the_applications_time(make_pooler):
    pooler = make_pooler()
    with pooler.connect() as client:
        client.query("BEGIN")
        time.sleep(1)
        client.query("SELECT 1")
        client.query("COMMIT")
    h = histograms(pooler)
    assert h["client_idle"]["count"] == 2
    assert h["client_idle"]["max_us"] >= 990_000
    assert h["client_idle"]["sum"] > 2 * (h["server"]["sum"] + h["wait"]["sum"])
    assert h["transaction"]["sum"] >= h["client_idle"]["sum"] + h["query"]["sum"] - 10


def test_an_answer_that_nobody_reads_is_the_clients_time(make_pooler):
    pooler = make_pooler()
    with pooler.connect() as client:
        client.send(fe.query("SELECT repeat('Z', 10000) FROM generate_series(1, 8000)"))
        time.sleep(3)
        assert len(client.read_until("Z", timeout=60).of("D")) == 8000
    h = histograms(pooler)
    assert h["client_read"]["max_us"] > h["server"]["max_us"]
    assert h["client_read"]["max_us"] >= 1_000_000
    assert abs(h["query"]["sum"] - h["server"]["sum"] - h["client_read"]["sum"]) <= 10


def test_a_query_that_is_answered_in_parts(make_pooler):
    """Some drivers ask for the answer by Flush, and send Sync when they have it."""
    pooler = make_pooler()
    with pooler.connect() as client:
        client.send(fe.run("SELECT pg_sleep(0.5)"), fe.flush())
        client.read_until("C")
        client.exchange(fe.sync())
    h = histograms(pooler)
    assert h["query"]["count"] == 1
    assert h["query"]["max_us"] >= 490_000


def test_a_session_idles_outside_its_transactions(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "session"})
    with pooler.connect() as client:
        client.query("SELECT 1")
        time.sleep(2)
        client.query("SELECT pg_sleep(0.5)")
        h = histograms(pooler)
    assert h["transaction"]["count"] == h["query"]["count"] == 2
    assert h["transaction"]["sum"] < 2 * h["query"]["sum"]
    assert "client_idle" not in h


def test_agreement_with_the_sums(make_pooler):
    """The same events are behind SHOW STATS."""
    pooler = make_pooler()
    with pooler.connect() as client:
        for _ in range(20):
            client.query("SELECT 1")
        client.query("BEGIN")
        client.extended("SELECT 2")
        client.query("ROLLBACK")
    h = histograms(pooler)
    with pooler.console() as console:
        (stats,) = [row for row in console.show("STATS") if row["database"] == "app"]
    for name, count, total in (("query", "query_count", "query_time"),
                               ("transaction", "xact_count", "xact_time"),
                               ("wait", "server_assignment_count", "wait_time")):
        assert h[name]["count"] == int(stats[f"total_{count}"])
        assert h[name]["mean_us"] == int(stats[f"total_{total}"]) // h[name]["count"]
    assert h["client_login"]["count"] == int(stats["total_client_login_count"]) == 1
    assert h["server_connect"]["count"] == h["server_login"]["count"] >= 1


def test_applications(make_pooler):
    pooler = make_pooler(weir={"metrics_max_applications": 3, "workers": 1})
    for name in ("web", "job", "third", "fourth"):
        with pooler.connect() as client:
            client.query(f"SET application_name = '{name}'")
            client.query("SELECT 1")
    with pooler.console() as console:
        rows = {(row["name"], row["application"]): int(row["count"])
                for row in console.show("HISTOGRAMS") if row["application"] is not None}
    queries = {application: count for (name, application), count in rows.items()
               if name == "query"}
    # Each SET is of who was there before.
    assert queries == {"": 4, "web": 1, "job": 1, "other": 2}


def test_errors_by_code(make_pooler):
    pooler = make_pooler()
    with pooler.connect() as client:
        client.query("SELECT 1/0")
        client.query("SELECT * FROM no_such_table")
        client.query("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'ZZ123'; END $$")
    with pytest.raises(Refused):
        pooler.connect(database="nowhere")
    for code in ("22012", "42P01", "other"):
        assert counted(pooler, "errors", f'source="server",sqlstate="{code}"') == 1, code
    assert counted(pooler, "errors", 'source="pooler",sqlstate="3D000"') == 1
    assert counted(pooler, "client_disconnects", 'reason="login_refused"') == 1


def test_timeouts_and_disconnects(make_pooler):
    pooler = make_pooler(settings={"query_timeout": 1, "client_idle_timeout": 1},
                         databases={"app": {"pool_size": 1}})
    before = counters(pooler)
    with pooler.connect() as client:
        client.send(fe.query("SELECT pg_sleep(60)"))
        client.read_to_end(timeout=15)
    with pooler.connect() as client:
        client.read_to_end(timeout=15)
    pooler.connect().abandon()
    pooler.connect().close()

    def all_seen():
        now = counters(pooler)
        return all(now[key] - before[key] >= count for key, count in {
            ("timeouts", 'kind="query_timeout"'): 1,
            ("timeouts", 'kind="client_idle_timeout"'): 1,
            ("client_disconnects", 'reason="timed_out"'): 2,
            ("client_disconnects", 'reason="vanished"'): 1,
            ("client_disconnects", 'reason="closed"'): 1}.items())
    until(all_seen, what="each was counted")


def test_cancels(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as client, pooler.connect() as other:
        client.send(fe.query("SELECT pg_sleep(60)"))
        until(lambda: cluster.backends("state = 'active' AND query LIKE '%pg_sleep%'"),
              what="the query runs")
        client.cancel()
        assert client.read_until("Z").errors
        client.cancel()
        assert other.alive()
    stages = {stage: counted(pooler, "cancels", f'stage="{stage}"')
              for stage in ("asked", "sent", "nothing", "lost")}
    assert stages == {"asked": 2, "sent": 1, "nothing": 1, "lost": 0}


def test_prepared_statements_settings_and_pins(make_pooler):
    pooler = make_pooler(settings={"max_prepared_statements": 2},
                         databases={"app": {"pool_size": 1}}, weir={"workers": 1})
    with pooler.connect() as client, pooler.connect() as other:
        for name in ("a", "b", "c"):
            client.exchange(fe.parse(name, f"SELECT '{name}'"), fe.sync())
        client.exchange(fe.bound("c"), fe.sync())
        client.query("SET work_mem = '7MB'")
        other.query("SELECT 1")
        client.query("SELECT 1")
        client.query("CREATE TEMP TABLE t ()")
    now = counters(pooler)
    assert now["prepared_statements", 'event="miss"'] == 3
    assert now["prepared_statements", 'event="hit"'] == 1
    assert now["prepared_statements", 'event="eviction"'] == 1
    assert now["settings", 'event="asked"'] >= 1
    assert now["settings", 'event="applied"'] == 2  # taken back for one, set for the other
    assert now["pins", 'reason="session_object"'] == 1


def test_metrics_are_the_same(make_pooler):
    port = Port()
    pooler = make_pooler(weir={"http_port": port.number})
    with pooler.connect() as client:
        client.query("SELECT pg_sleep(0.3)")
        client.query("SELECT 1/0")
    metrics, name = scrape(port.number), "pgbouncer_stats_queries_duration_seconds"
    labels = {"database": "app", "user": "alice"}
    assert metrics.types[name] == "histogram"
    assert metrics.value(f"{name}_count", **labels) == 2
    assert metrics.value(f"{name}_bucket", le="0.2048", **labels) == 1
    assert metrics.value(f"{name}_bucket", le="+Inf", **labels) == 2
    buckets = [value for key, value in metrics.series(f"{name}_bucket").items()
               if ("user", "alice") in key]
    assert len(buckets) == 21 and buckets == sorted(buckets)
    assert metrics.value(f"{name}_sum", **labels) == pytest.approx(
        metrics.value("pgbouncer_stats_totals_queries_duration_seconds_total", database="app"))
    assert metrics.value("weir_errors_total", source="server", sqlstate="22012") == 1
    port.release()


def test_tls_handshakes(make_pooler):
    authority = Authority()
    authority.issue("pooler", "localhost", "DNS:localhost")
    pooler = make_pooler(settings={
        "client_tls_sslmode": "allow", "client_tls_key_file": authority.key("pooler"),
        "client_tls_cert_file": authority.certificate("pooler")})
    with secure_login(pooler.address, authority.context()) as client:
        client.alive()
    raw = pooler.raw()
    raw.send(fe.ssl_request())
    assert raw.read_bytes(1) == b"S"
    raw.send(b"no handshake")
    for result in ("done", "failed"):
        key = ("tls_handshakes", f'side="client",result="{result}"')
        until(lambda: counters(pooler)[key] == 1, what=f"a handshake counts as {result}")
    assert counters(pooler)["client_disconnects", 'reason="tls_failed"'] == 1
    raw.abandon()
    authority.remove()


def test_servers_that_change_workers(make_pooler):
    """What one worker gives another takes."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}}, weir={"workers": 2})
    clients = [pooler.connect() for _ in range(4)]  # on both workers
    for _ in range(10):
        for client in clients:
            client.send(fe.query("SELECT 1"))
        for client in clients:
            client.read_until("Z")
    for client in clients:
        client.close()
    now = counters(pooler)
    assert now["handovers", 'direction="given"'] == now["handovers", 'direction="taken"'] > 0


def test_load_on_many_pools_is_counted_whole(make_pooler):
    """Histograms come from the workers in parts; none may be lost or counted twice."""
    names = [f"d{i}" for i in range(70)]
    pooler = make_pooler(databases={name: {"pool_size": 1} for name in names})

    def run(some):
        for name in some:
            with pooler.connect(database=name) as client:
                client.query("SELECT 1")
    threads = [threading.Thread(target=run, args=(names[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pooler.console() as console:
        rows = [row for row in console.show("HISTOGRAMS") if row["name"] == "query"]
    by_database = {row["database"]: int(row["count"]) for row in rows if row["database"]}
    assert by_database == {name: 1 for name in names}
    assert sum(int(row["count"]) for row in rows if row["application"] is not None) == 70

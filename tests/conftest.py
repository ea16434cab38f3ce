from pathlib import Path

import pytest

from harness.cluster import Cluster
from harness.differential import Differential
from harness.pooler import KIND, Pooler
from harness.proxy import Proxy


def not_yet():
    """What Weir does not do yet, by test: each must fail until it is built."""
    lines = (Path(__file__).parent / "not_yet.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def pytest_collection_modifyitems(items):
    missing = not_yet()
    for item in items:
        if KIND == "weir":
            if reason := missing.get(item.nodeid):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
            continue
        if KIND != "pgbouncer":
            continue
        if mark := item.get_closest_marker("weir_only"):
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))
        if mark := item.get_closest_marker("pgbouncer_differs"):
            item.add_marker(pytest.mark.xfail(
                reason=mark.args[0], strict=mark.kwargs.get("strict", True)))


@pytest.fixture(scope="session")
def running_cluster():
    """One PostgreSQL per session or xdist worker."""
    cluster = Cluster()
    try:
        yield cluster.create()
    finally:
        cluster.destroy()


@pytest.fixture
def cluster(running_cluster):
    """PostgreSQL, running, with no backend left from earlier tests."""
    if not running_cluster.running:
        running_cluster.start()
    running_cluster.terminate_backends()
    return running_cluster


@pytest.fixture
def make_pooler(cluster):
    """Starts poolers with Pooler.configure()'s arguments; checks and ends them after the test."""
    poolers = []

    def make(server=None, wait=True, kind=None, **configuration):
        pooler = Pooler(cluster, server, kind)
        poolers.append(pooler)
        return pooler.configure(**configuration).start(wait)

    yield make
    failures = []
    for pooler in poolers:
        try:
            pooler.finish()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def pooler(make_pooler):
    """One pooler with database `app`, transaction mode, two server connections."""
    return make_pooler()


@pytest.fixture
def differential(cluster, make_pooler):
    return Differential(cluster, make_pooler)


@pytest.fixture
def make_proxy(cluster):
    """Starts proxies in front of PostgreSQL."""
    proxies = []

    def make(upstream=None):
        proxies.append(Proxy(upstream or cluster.address))
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()

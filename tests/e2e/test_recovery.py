"""A server that is away and comes back."""

import time

import pytest

from harness import frontend as fe
from harness.waiting import seconds, until
from harness.wire import Closed, Refused, Silence


@pytest.mark.pgbouncer_differs("clients get the cached error for server_login_retry", strict=False)
def test_service_comes_back_with_the_server(make_pooler, make_proxy):
    """The pooler probes by itself: long before server_login_retry is over all is well."""
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, settings={"server_login_retry": 60})
    with pooler.connect() as client:
        assert client.alive()
    proxy.refuse = True
    proxy.drop_all()
    with pytest.raises((Refused, Closed, Silence)):
        with pooler.connect(timeout=3) as client:
            client.query("SELECT 1")
    proxy.refuse = False
    back = time.monotonic()

    def served():
        try:
            with pooler.connect(timeout=5) as client:
                return client.alive()
        except (Refused, Closed, Silence):
            return False

    until(served, timeout=10, what="service")
    assert time.monotonic() - back < seconds(10)


def test_no_error_outlives_the_outage(make_pooler, make_proxy):
    """Once the server has been back for a while, not a single client gets the old error."""
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, settings={"server_login_retry": 1})
    with pooler.connect() as client:
        client.alive()
    proxy.refuse = True
    proxy.drop_all()
    with pytest.raises((Refused, Closed, Silence)):
        with pooler.connect(timeout=3) as client:
            client.query("SELECT 1")
    proxy.refuse = False
    time.sleep(seconds(4))
    for _ in range(10):
        with pooler.connect() as client:
            assert client.alive()


def test_logged_in_clients_survive_an_outage(make_pooler, make_proxy):
    """Those who ask nothing meanwhile notice nothing."""
    proxy = make_proxy()
    pooler = make_pooler(server=proxy.address, settings={"server_login_retry": 1})
    clients = [pooler.connect() for _ in range(5)]
    clients[0].alive()
    proxy.refuse = True
    proxy.drop_all()
    time.sleep(0.5)
    proxy.refuse = False
    for client in clients:
        assert client.alive()
        client.close()


def test_outage_is_told_while_it_lasts(cluster, make_pooler):
    """Whoever asks while logins are known to fail hears why; whoever waits is served later."""
    pooler = make_pooler(settings={"server_login_retry": 5})
    with pooler.connect() as first, pooler.connect() as second:
        first.alive()
        cluster.stop()
        first.send(fe.query("SELECT 'first'"))
        time.sleep(1)
        second.send(fe.query("SELECT 'second'"))
        reply = second.read_to_end(timeout=15)
        assert "server_login_retry" in reply.errors[-1]["M"], reply.explain()
        cluster.start()
        reply = first.silent_for(seconds(6))
        assert reply.closed or reply.rows == [("first",)], reply.explain()


def test_a_database_that_fails_leaves_others_alone(make_pooler):
    pooler = make_pooler(settings={"server_login_retry": 1},
                         databases={"app": {}, "gone": {"dbname": "gone"}})
    for _ in range(3):
        with pytest.raises(Refused):
            pooler.connect(database="gone")
        with pooler.connect() as client:
            assert client.alive()

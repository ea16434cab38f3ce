"""How many clients may be in: for all, per database, per user."""

import pytest

from harness.errors import check
from harness.waiting import until
from harness.wire import Refused

ALL = "no more connections allowed (max_client_conn)"
DATABASE = "client connections exceeded (max_db_client_connections)"
USER = "client connections exceeded (max_user_client_connections)"


def refused(pooler, text, **options):
    with pytest.raises(Refused) as refusal:
        pooler.connect(**options)
    check(refusal.value.error, text)


def comes_in(pooler, **options):
    """A place is free again soon after somebody left."""
    def attempt():
        try:
            return pooler.connect(**options)
        except Refused:
            return None

    return until(attempt, what="a free place")


def test_max_client_conn(make_pooler):
    pooler = make_pooler(settings={"max_client_conn": 3})
    clients = [pooler.connect() for _ in range(3)]
    for _ in range(3):
        refused(pooler, ALL)
    with pooler.console() as console:
        assert len(console.clients()) == 3
    clients.pop().close()
    clients.append(comes_in(pooler))
    refused(pooler, ALL)
    assert all(client.alive() for client in clients)


def test_max_client_conn_leaves_the_console_open(make_pooler):
    pooler = make_pooler(settings={"max_client_conn": 1})
    with pooler.connect() as client, pooler.console() as console:
        assert console.show("VERSION")
        assert client.alive()


@pytest.mark.parametrize("where", ["default", "entry"])
def test_max_db_client_connections(make_pooler, where):
    limit = {"max_db_client_connections": 2}
    pooler = make_pooler(settings=limit if where == "default" else {},
                         databases={"app": limit if where == "entry" else {}, "other": {}})
    clients = [pooler.connect("alice"), pooler.connect("bob")]
    refused(pooler, DATABASE)
    with pooler.connect(database="other") as other:
        assert other.alive()
    clients.pop().close()
    clients.append(comes_in(pooler))
    assert all(client.alive() for client in clients)


@pytest.mark.parametrize("where", ["default", "entry"])
def test_max_user_client_connections(make_pooler, where):
    pooler = make_pooler(
        settings={"max_user_client_connections": 2} if where == "default" else {},
        users={"alice": "max_user_client_connections=2"} if where == "entry" else {},
        databases={"app": {}, "other": {}})
    clients = [pooler.connect(), pooler.connect(database="other")]
    refused(pooler, USER)
    with pooler.connect("bob") as other:
        assert other.alive()
    clients.pop().close()
    clients.append(comes_in(pooler))
    assert all(client.alive() for client in clients)


def test_failed_logins_take_no_place(make_pooler):
    pooler = make_pooler(settings={
        "max_client_conn": 2, "max_user_client_connections": 2, "auth_type": "scram-sha-256",
        "max_db_client_connections": 2})
    for _ in range(5):
        with pytest.raises(Refused):
            pooler.connect("scram_user", password="wrong")
    with pooler.connect("scram_user") as one, comes_in(pooler, user="scram_user") as two:
        assert one.alive() and two.alive()

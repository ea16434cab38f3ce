"""connect_query: what it sets is there for every client, whatever the others do."""

import pytest

from harness import frontend as fe
from harness.backend import parameter_status
from harness.waiting import until

SETS = ("'SET work_mem TO ''13MB''; SET app.base TO ''here''; SET datestyle TO German; "
        "SET search_path TO base, public'")
NAMES = ("work_mem", "app.base", "DateStyle", "search_path")
BASE = ("13MB", "here", "German, DMY", "base, public")


def shown(client):
    return tuple(client.value(f"SHOW {name}") for name in NAMES)


def set_mem(value):
    return f"'SET work_mem TO ''{value}'' '"


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.pgbouncer_differs("settings leak and are lost")
def test_settings_are_the_base(make_pooler, workers):
    """Other clients' settings come and go on top of it, on one server connection."""
    pooler = make_pooler(settings={"default_pool_size": 1}, weir={"workers": workers},
                         databases={"app": {"connect_query": SETS}})
    clients = [pooler.connect() for _ in range(4)]
    own = pooler.connect(parameters={"options": "-c work_mem=7MB", "DateStyle": "SQL"})
    assert own.value("SHOW work_mem") == "7MB"
    for client in clients:
        assert shown(client) == BASE
    clients[0].query("SET work_mem TO '1MB'; SET app.base TO 'mine'")
    clients[1].query("RESET ALL")
    clients[2].query("DISCARD ALL")
    clients[3].query("SET search_path TO elsewhere; RESET work_mem")
    for _ in range(2):
        assert shown(clients[0]) == ("1MB", "mine", *BASE[2:])
        assert shown(clients[1]) == BASE
        assert shown(clients[2]) == BASE
        assert shown(clients[3]) == ("13MB", "here", "German, DMY", "elsewhere")
        assert shown(own)[0] == "7MB"
    assert own.value("SHOW datestyle").startswith("SQL")


def test_clients_are_told(make_pooler):
    pooler = make_pooler(databases={"app": {"connect_query": SETS}})
    for _ in range(2):
        with pooler.connect() as client:
            told = dict(parameter_status(body) for body in client.greeting.of("S"))
            assert told["DateStyle"] == "German, DMY"


@pytest.mark.pgbouncer_differs("DISCARD ALL between sessions takes them away")
def test_session_mode(make_pooler):
    pooler = make_pooler(settings={"pool_mode": "session", "default_pool_size": 1},
                         databases={"app": {"connect_query": SETS}})
    for _ in range(3):
        with pooler.connect() as client:
            assert shown(client) == BASE
            client.query("SET work_mem TO '2MB'; RESET app.base")


@pytest.mark.parametrize("query, log", [
    ("SELECT nonsense", "nonsense"), ("SET work_mem TO ''5MB''; SELECT 1/0", "division by zero"),
    ("CREATE TEMP TABLE fed (a int); COPY fed FROM STDIN", "has no data to copy"), (";", None),
    ("SELECT generate_series(1, 50000)", None),
    ("COPY (SELECT generate_series(1, 1000)) TO STDOUT", None)])
@pytest.mark.pgbouncer_differs("a COPY hangs", strict=False)
def test_errors_are_only_logged(make_pooler, query, log):
    pooler = make_pooler(databases={"app": {"connect_query": f"'{query}'"}})
    with pooler.connect() as client:
        assert client.value("SHOW work_mem") == "4MB"
    if log:
        assert log in pooler.log()


@pytest.mark.pgbouncer_differs("the transaction stays open", strict=False)
def test_open_transaction_is_rolled_back(make_pooler):
    pooler = make_pooler(databases={"app": {"connect_query": "'BEGIN; SET work_mem TO ''5MB'' '"}})
    with pooler.connect() as client:
        assert client.value("SHOW work_mem") == "4MB"
        assert client.query("SELECT 1").status == "I"


def test_server_that_ends_in_it(cluster, make_pooler):
    """A failed login, and no loop of connects without a pause."""
    pooler = make_pooler(databases={
        "app": {"connect_query": "'SELECT pg_terminate_backend(pg_backend_pid())'"}, "good": {}})
    with pooler.connect(database="good") as client:
        assert client.alive()
    ended = "terminating connection due to administrator command"
    before = cluster.log().count(ended)
    waiting = pooler.raw()
    waiting.send(fe.startup({"user": "alice", "database": "app"}))
    waiting.silent_for(0.5)
    assert 0 < cluster.log().count(ended) - before < 50
    waiting.abandon()


def test_changes_with_a_reload(make_pooler):
    pooler = make_pooler(databases={"app": {"connect_query": set_mem("5MB")}})
    with pooler.connect() as client:
        assert client.value("SHOW work_mem") == "5MB"
        pooler.configure(databases={"app": {"connect_query": set_mem("6MB")}})
        pooler.signal("HUP")
        until(lambda: client.value("SHOW work_mem") == "6MB", what="the new query has run")

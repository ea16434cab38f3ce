"""Every key of [databases] and [users] that replaces one of [pgbouncer], or adds to it."""

import pytest

from harness import frontend as fe
from harness.errors import check
from harness.waiting import until
from harness.wire import Refused


@pytest.fixture
def entry(make_pooler):
    """A pooler whose database `own` has the options given, beside `app`, which has none."""
    def make(settings=None, users=None, **options):
        return make_pooler(settings=settings, users=users,
                           databases={"app": {}, "own": options})
    return make


@pytest.mark.parametrize("option, setting, value", [
    ("application_name", "application_name", "from the file"),
    ("client_encoding", "client_encoding", "LATIN1"), ("timezone", "TimeZone", "Asia/Tokyo")])
def test_sent_to_the_server(entry, option, setting, value):
    pooler = entry(**{option: f"'{value}'"})
    with pooler.connect(database="own") as client:
        assert client.value(f"SHOW {setting}") == value
    with pooler.connect() as client:
        assert client.value(f"SHOW {setting}") != value


def test_datestyle(entry):
    with entry(datestyle="German").connect(database="own") as client:
        assert client.value("SHOW datestyle").startswith("German")


def test_dbname_and_user(entry):
    pooler = entry(dbname="postgres", user="bob")
    with pooler.connect(database="own") as client:
        assert client.value("SELECT current_database()") == "postgres"
        assert client.value("SELECT current_user") == "bob"


def test_password_of_the_forced_user(entry):
    pooler = entry(user="scram_user", password="'no such secret'")
    with pytest.raises(Refused):
        pooler.connect(database="own")
    with pooler.connect() as client:
        assert client.alive()


def waits(pooler, database="own", user="alice", holders=1):
    """Whether one more client waits while `holders` hold a server each."""
    held = [pooler.connect(user, database) for _ in range(holders)]
    for client in held:
        client.query("BEGIN")
    with pooler.connect(user, database) as waiter:
        waiter.send(fe.query("SELECT 'served'"))
        answered = waiter.silent_for(0.5) != []
        for client in held:
            client.query("COMMIT")
        if not answered:
            assert waiter.read_until("Z").value == "served"
    for client in held:
        client.close()
    return not answered


@pytest.mark.parametrize("options", [{"pool_size": 1}, {"max_db_connections": 1}])
def test_sizes_of_a_database(entry, options):
    pooler = entry(**options)
    assert waits(pooler) and not waits(pooler, "app")


@pytest.mark.parametrize("options", ["pool_size=1", "max_user_connections=1"])
def test_sizes_of_a_user(entry, options):
    pooler = entry(users={"bob": options})
    assert waits(pooler, user="bob") and not waits(pooler, user="alice")


@pytest.mark.parametrize("where", ["database", "user"])
def test_reserve(entry, where):
    settings = {"reserve_pool_timeout": 0.2}
    pooler = (entry(settings, pool_size=1, reserve_pool_size=1) if where == "database" else
              entry(settings, {"alice": "pool_size=1 reserve_pool_size=1"}))
    with pooler.connect(database="own") as one, pooler.connect(database="own") as two:
        one.query("BEGIN")
        assert two.value("SELECT 'from the reserve'") == "from the reserve"
        one.query("COMMIT")


def test_minimum(cluster, entry):
    pooler = entry(user="bob", min_pool_size=2, pool_size=2)
    with pooler.console() as console:
        until(lambda: len(console.servers("own")) == 2, timeout=20, what="two servers are kept")
        assert console.servers("app") == []


def test_client_limits(entry):
    pooler = entry(users={"bob": "max_user_client_connections=1"}, max_db_client_connections=1)
    with pooler.connect(database="own"), pooler.connect("bob"):
        with pytest.raises(Refused) as refusal:
            pooler.connect(database="own")
        check(refusal.value.error, "client connections exceeded (max_db_client_connections)")
        with pytest.raises(Refused) as refusal:
            pooler.connect("bob")
        check(refusal.value.error, "client connections exceeded (max_user_client_connections)")
        pooler.connect().close()


@pytest.mark.parametrize("where", ["database", "user"])
def test_pool_mode(entry, where):
    pooler = (entry(pool_mode="session") if where == "database" else
              entry(users={"alice": "pool_mode=session"}, pool_size=1))
    with pooler.connect(database="own") as client, pooler.console() as console:
        client.query("SELECT 1")
        assert console.pool("own")["pool_mode"] == "session"
        assert console.pool("own")["sv_active"] == "1"
    if where == "database":
        with pooler.connect("bob", "own") as client, pooler.console() as console:
            client.query("SELECT 1")
            assert console.pool("own", "bob")["pool_mode"] == "session"


def test_lifetime(entry):
    pooler = entry(server_lifetime=1)
    with pooler.connect(database="own") as client, pooler.connect() as other:
        before = client.value("SELECT pg_backend_pid()")
        kept = other.value("SELECT pg_backend_pid()")
        until(lambda: client.value("SELECT pg_backend_pid()") != before, timeout=20,
              what="another server")
        assert other.value("SELECT pg_backend_pid()") == kept


@pytest.mark.parametrize("where", ["database", "user"])
def test_wait_timeout(entry, where):
    pooler = (entry(pool_size=1, query_wait_timeout=1) if where == "database" else
              entry(users={"alice": "pool_size=1 query_wait_timeout=1"}))
    with pooler.connect(database="own") as holder:
        holder.query("BEGIN")
        waiter = pooler.connect(database="own")
        waiter.send(fe.query("SELECT 1"))
        check(waiter.read_to_end(timeout=15).errors[-1], "query_wait_timeout")
        holder.query("COMMIT")


@pytest.mark.parametrize("key, sent, text", [
    ("query_timeout", "SELECT pg_sleep(60)", "query timeout"),
    ("idle_transaction_timeout", "BEGIN", "idle transaction timeout"),
    ("transaction_timeout", "BEGIN", "transaction timeout"),
    pytest.param("client_idle_timeout", "SELECT 1", "client_idle_timeout",
                 marks=pytest.mark.pgbouncer_differs("everybody is disconnected"))])
def test_timeouts_of_a_user(entry, key, sent, text):
    pooler = entry(users={"bob": f"{key}=1"})
    client, other = pooler.connect("bob"), pooler.connect()
    other.query("BEGIN" if sent == "BEGIN" else "SELECT 1")
    client.send(fe.query(sent))
    check(client.read_to_end(timeout=15).errors[-1], text)
    assert other.query("SELECT 1").error is None
    other.close()

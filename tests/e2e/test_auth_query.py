"""auth_query: users who stand in no file, with their secrets from the server."""

import threading

import pytest

from harness import frontend as fe
from harness.cluster import PASSWORDS
from harness.console import Console
from harness.errors import check
from harness.passwords import md5_secret, scram_secret
from harness.pooler import KIND
from harness.waiting import until
from harness.wire import Connection, Refused

ASKER = "asking_user"
CONFIG = {"auth_type": "scram-sha-256", "auth_user": ASKER}
USERS = {ASKER: "", "console": "console secret"}

# A user who exists only for the test at hand, and the query that counts how often it runs.
COUNTED = ("'SELECT rolname, rolpassword FROM pg_authid WHERE rolname = $1 AND "
           "nextval(''asked'') > 0'")


@pytest.fixture
def asker(cluster):
    cluster.execute(
        f"DROP ROLE IF EXISTS {ASKER}; CREATE ROLE {ASKER} LOGIN SUPERUSER;"
        "DROP SEQUENCE IF EXISTS asked; CREATE SEQUENCE asked;"
        "ALTER ROLE plain_user VALID UNTIL 'infinity'")
    return cluster


def times_asked(cluster):
    return int(cluster.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM asked")
               .value)


def refusal(pooler, user="scram_user", **options):
    with pytest.raises(Refused) as refused:
        pooler.connect(user, **options).close()
    return refused.value


def console(pooler):
    return Console(pooler.connect("console", "pgbouncer", password="console secret"))


@pytest.mark.pgbouncer_differs("a clear password opens no server that wants SCRAM", strict=False)
@pytest.mark.parametrize("auth_type", ["trust", "plain", "md5", "scram-sha-256"])
@pytest.mark.parametrize("user", ["scram_user", "md5_user", "plain_user"])
def test_methods_and_secrets(asker, make_pooler, auth_type, user):
    """What the server stores opens the pooler, and what the client proved opens the server."""
    possible = {
        "trust": {"md5_user"},  # its hash is enough; SCRAM needs the client's keys
        "plain": {"scram_user", "md5_user", "plain_user"},
        "md5": {"scram_user", "md5_user"}, "scram-sha-256": {"scram_user"}}
    pooler = make_pooler(settings={**CONFIG, "auth_type": auth_type}, userlist=USERS)
    if user in possible[auth_type]:
        for _ in range(2):
            with pooler.connect(user) as client:
                assert client.value("SELECT session_user") == user
    elif auth_type == "scram-sha-256" and user == "md5_user":
        check(refusal(pooler, user).error, "SASL authentication failed")


def test_refusals(asker, make_pooler):
    pooler = make_pooler(settings=CONFIG, userlist=USERS)
    check(refusal(pooler, password="wrong").error, "SASL authentication failed")
    nobody = refusal(pooler, "nobody_known", password="anything")
    check(nobody.error, "no such user")
    assert nobody.reply.kinds() == "E"
    with pooler.connect("scram_user") as client:
        assert client.alive()


def test_expired_user(asker, make_pooler):
    """CVE-2025-2291: VALID UNTIL counts for the pooler's clients too."""
    asker.execute("ALTER ROLE scram_user VALID UNTIL '2020-01-01'")
    try:
        pooler = make_pooler(settings=CONFIG, userlist=USERS)
        check(refusal(pooler).error, "SASL authentication failed")
        asker.execute("ALTER ROLE scram_user VALID UNTIL 'infinity'")
        with pooler.connect("scram_user") as client:
            assert client.alive()
    finally:
        asker.execute("ALTER ROLE scram_user VALID UNTIL 'infinity'")


def test_user_without_login(asker, make_pooler):
    asker.execute("DROP ROLE IF EXISTS no_login; CREATE ROLE no_login PASSWORD 'x'")
    pooler = make_pooler(settings=CONFIG, userlist=USERS)
    check(refusal(pooler, "no_login", password="x").error, "no such user")


@pytest.mark.parametrize("query, problem", [
    ("SELECT 1/0", "error in auth_query: ERROR"),
    ("SELECT nonsense FROM", "error in auth_query: ERROR"),
    ("SELECT $1::text", "expected 2 columns from auth_query, not 1"),
    ("SELECT $1::text, $1::text, $1::text", "expected 2 columns from auth_query, not 3")])
def test_broken_query(asker, make_pooler, query, problem):
    pooler = make_pooler(settings=CONFIG, userlist=USERS, databases={
        "app": {"auth_query": f"'{query}'"}, "good": {}})
    for _ in range(2):
        check(refusal(pooler).error, "bouncer config error")
    assert problem in pooler.log()
    with pooler.connect("scram_user", "good") as client:
        assert client.alive()


@pytest.mark.parametrize("row, text", [
    ("NULL::text, NULL::text", "no such user"),
    ("$1::text, NULL::text", "SASL authentication failed"),
    ("$1::text, ''''", "SASL authentication failed")])
def test_nulls(asker, make_pooler, row, text):
    query = f"'SELECT {row} WHERE $1::text IS NOT NULL'"
    pooler = make_pooler(settings=CONFIG, userlist=USERS, databases={"app": {"auth_query": query}})
    check(refusal(pooler).error, text)


def test_query_may_name_the_user_otherwise(asker, make_pooler):
    query = "'SELECT rolname, rolpassword FROM pg_authid WHERE rolname = lower($1)'"
    pooler = make_pooler(settings={**CONFIG, "auth_query": query[1:-1]}, userlist=USERS)
    with pooler.connect("SCRAM_User", password=PASSWORDS["scram_user"]) as client:
        assert client.value("SELECT session_user") == "scram_user"
        with console(pooler) as admin:
            assert "scram_user" in [row["user"] for row in admin.clients()]


def test_auth_dbname(asker, make_pooler):
    """Users of a database that the asker cannot enter are looked up in another one."""
    asker.execute("DROP DATABASE IF EXISTS closed", database="postgres")
    asker.execute("CREATE DATABASE closed", database="postgres")
    pooler = make_pooler(
        settings={**CONFIG, "auth_dbname": "lookup"}, userlist=USERS,
        databases={"app": {}, "lookup": {"dbname": "app"}, "own": {"auth_dbname": "own"},
                   "bad": {"auth_dbname": "nowhere"}, "worse": {"auth_dbname": "pgbouncer"}})
    for database in ("app", "own"):
        with pooler.connect("scram_user", database) as client:
            assert client.alive()
    with console(pooler) as admin:
        pools = {(row["database"], row["user"]) for row in admin.show("POOLS")}
        assert {("lookup", ASKER), ("own", ASKER)} <= pools
        assert ("app", ASKER) not in pools
        check(refusal(pooler, database="bad").error, "bouncer config error")
        check(refusal(pooler, database="worse").error, "bouncer config error")
        assert 'authentication database "nowhere" is not configured' in pooler.log()
        assert 'cannot use the reserved "pgbouncer" database as an auth_dbname' in pooler.log()
        admin.do("DISABLE lookup")
    check(refusal(pooler, "md5_user").error, 'authentication database "{}" is disabled', "lookup")


def test_console_user(asker, make_pooler):
    pooler = make_pooler(
        settings={**CONFIG, "auth_dbname": "app", "admin_users": "scram_user"},
        userlist={ASKER: ""})
    with pooler.connect("scram_user", "pgbouncer") as admin:
        assert not admin.query("SHOW VERSION").errors


def test_unknown_database_is_told_after_a_mock_exchange(asker, make_pooler):
    pooler = make_pooler(settings=CONFIG, userlist=USERS)
    refused = refusal(pooler, database="nowhere")
    check(refused.error, "SASL authentication failed")
    assert refused.reply.kinds() == "RRE"


def test_user_of_the_file_is_not_asked_for(asker, make_pooler):
    pooler = make_pooler(settings={**CONFIG, "auth_query": COUNTED[1:-1].replace("''", "'")},
                         userlist={**USERS, "scram_user": PASSWORDS["scram_user"]})
    with pooler.connect("scram_user") as client:
        assert client.alive()
    assert times_asked(asker) == 0


@pytest.mark.pgbouncer_differs("it keeps its own user's search_path, and waits", strict=False)
def test_wishes_of_clients_do_not_reach_the_query(asker, make_pooler):
    """CVE-2025-12819, with a client that shares the pool with the query and has set everything."""
    asker.execute(
        "DROP SCHEMA IF EXISTS evil CASCADE; CREATE SCHEMA evil; "
        "CREATE TABLE evil.pg_authid (rolname text, rolpassword text, rolvaliduntil timestamptz, "
        "rolcanlogin bool); "
        "INSERT INTO evil.pg_authid VALUES ('scram_user', 'planted', NULL, true)")
    slow = "SELECT rolname, rolpassword FROM pg_authid, pg_sleep(0.3) WHERE rolname = $1"
    trusted = make_pooler(settings={**CONFIG, "auth_type": "trust", "default_pool_size": 1,
                                    "auth_query": slow},
                          weir={"workers": 1, "auth_query_cache_ttl": 0}, userlist=USERS)
    with trusted.connect(ASKER) as neighbour:
        neighbour.query("SET search_path = evil, pg_catalog")
        neighbour.query("SET statement_timeout = '100ms'; SET role = scram_user")
        # With trust the planted secret is not asked for; that the user is found is what counts.
        with trusted.connect("md5_user") as client:
            assert client.value("SELECT session_user") == "md5_user"
        assert neighbour.value("SHOW search_path") == "evil, pg_catalog"
    pooler = make_pooler(settings=CONFIG, userlist=USERS)
    path = "evil, pg_catalog"
    for wishes in ({"search_path": path}, {"options": "-c search_path=" + path.replace(" ", "")}):
        with pytest.raises(Refused):
            pooler.connect("scram_user", password="planted", parameters=wishes).close()


def test_server_refuses(asker, make_pooler):
    """Why nobody can be looked up is the clients' error, as it is for those who log in."""
    pooler = make_pooler(settings=CONFIG, userlist=USERS,
                         databases={"app": {"dbname": "does_not_exist"}})
    error = refusal(pooler).error
    assert (error["C"], error["M"]) == ("3D000", 'database "does_not_exist" does not exist')


@pytest.mark.pgbouncer_differs("it tells of the failure at once", strict=False)
def test_server_down(asker, make_pooler):
    """Clients wait for it, and are served when it is back."""
    pooler = make_pooler(settings={**CONFIG, "server_login_retry": 1}, userlist=USERS)
    with pooler.connect("scram_user") as client:
        assert client.alive()
    asker.stop()
    waiting = [Connection(pooler.address, 20) for _ in range(3)]
    try:
        for each in waiting:
            each.send(fe.startup({"user": "md5_user", "database": "app"}))
            assert each.silent_for(0.3) == []
        asker.start()
        for each in waiting:
            assert each.read_until("R").kinds() == "R"
    finally:
        if not asker.running:
            asker.start()
        for each in waiting:
            each.abandon()


def test_login_timeout(asker, make_pooler):
    slow = "'SELECT rolname, rolpassword FROM pg_authid, pg_sleep(30) WHERE rolname = $1'"
    pooler = make_pooler(settings={**CONFIG, "client_login_timeout": 1}, userlist=USERS,
                         databases={"app": {"auth_query": slow}, "good": {}})
    errors = []

    def log_in():
        errors.append(refusal(pooler).error)

    threads = [threading.Thread(target=log_in) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 3
    for error in errors:
        assert error["M"].startswith("client_login_timeout"), error
    with pooler.connect("scram_user", "good") as client:
        assert client.alive()


@pytest.mark.weir_only("PgBouncer asks at every login")
def test_answers_are_kept(asker, make_pooler):
    pooler = make_pooler(settings={**CONFIG, "auth_query": COUNTED[1:-1].replace("''", "'")},
                         weir={"workers": 1, "auth_query_cache_ttl": 60}, userlist=USERS)
    for _ in range(5):
        pooler.connect("scram_user").close()
    assert times_asked(asker) == 1
    with console(pooler) as admin:
        admin.do("RELOAD")
    pooler.connect("scram_user").close()
    assert times_asked(asker) == 2


@pytest.mark.weir_only("PgBouncer keeps nothing")
def test_nothing_is_kept(asker, make_pooler):
    pooler = make_pooler(settings={**CONFIG, "auth_query": COUNTED[1:-1].replace("''", "'")},
                         weir={"workers": 1, "auth_query_cache_ttl": 0}, userlist=USERS)
    for _ in range(3):
        pooler.connect("scram_user").close()
    assert times_asked(asker) == 3


@pytest.mark.parametrize("auth_type", ["plain", "md5", "scram-sha-256"])
def test_password_changes(asker, make_pooler, auth_type):
    """A kept secret that no longer fits is asked for anew. SCRAM's proof is bound to the old one:
    that client must come twice."""
    asker.execute("DROP ROLE IF EXISTS changing; SET password_encryption = "
                  f"'{'md5' if auth_type == 'md5' else 'scram-sha-256'}';"
                  "CREATE ROLE changing LOGIN PASSWORD 'old'")
    pooler = make_pooler(settings={**CONFIG, "auth_type": auth_type}, userlist=USERS,
                         weir={"workers": 1, "auth_query_cache_ttl": 600})
    with pooler.connect("changing", password="old") as client:
        assert client.alive()
    asker.execute(f"SET password_encryption = '{'md5' if auth_type == 'md5' else 'scram-sha-256'}';"
                  "ALTER ROLE changing PASSWORD 'new'")
    if auth_type == "scram-sha-256" and KIND == "weir":
        check(refusal(pooler, "changing", password="new").error, "SASL authentication failed")
    with pooler.connect("changing", password="new") as client:
        assert client.alive()
    refusal(pooler, "changing", password="old")


@pytest.mark.parametrize("workers", [1, 3])
def test_many_logins_at_once(asker, make_pooler, workers):
    pooler = make_pooler(settings={**CONFIG, "max_client_conn": 500, "default_pool_size": 5,
                                   "auth_query": COUNTED[1:-1].replace("''", "'")},
                         weir={"workers": workers}, userlist=USERS)
    arriving = [Connection(pooler.address, 30) for _ in range(200)]
    try:
        for connection in arriving:
            connection.send(fe.startup({"user": "scram_user", "database": "app"}))
        for connection in arriving:
            assert connection.read_until("R").kinds() == "R"
        if KIND == "weir":
            assert times_asked(asker) <= workers
    finally:
        for connection in arriving:
            connection.abandon()
    with pooler.connect("scram_user") as client:
        assert client.alive()


def test_leader_leaves(asker, make_pooler):
    """Who started the query is gone before its answer; those who wait for it get theirs."""
    slow = "'SELECT rolname, rolpassword FROM pg_authid, pg_sleep(1) WHERE rolname = $1'"
    pooler = make_pooler(settings=CONFIG, weir={"workers": 1}, userlist=USERS,
                         databases={"app": {"auth_query": slow}})
    arriving = [Connection(pooler.address, 30) for _ in range(3)]
    for connection in arriving:
        connection.send(fe.startup({"user": "scram_user", "database": "app"}))
        connection.silent_for(0.1)
    arriving[0].abandon()
    for connection in arriving[1:]:
        assert connection.read_until("R").kinds() == "R"
        connection.abandon()


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_server_dies_during_the_query(asker, make_pooler, mode):
    slow = "'SELECT rolname, rolpassword FROM pg_authid, pg_sleep(0.5) WHERE rolname = $1'"
    pooler = make_pooler(settings={**CONFIG, "pool_mode": mode}, weir={"workers": 1},
                         userlist=USERS, databases={"app": {"auth_query": slow}})
    connection = Connection(pooler.address, 30)
    connection.send(fe.startup({"user": "scram_user", "database": "app"}))
    until(lambda: asker.backends(f"usename = '{ASKER}' AND state = 'active'"), what="it asks")
    asker.terminate_backends(f"usename = '{ASKER}'")
    if KIND == "weir":
        assert connection.read_until("R").kinds() == "R"
    connection.abandon()
    with pooler.connect("scram_user") as client:
        assert client.alive()


@pytest.mark.pgbouncer_differs("the query replaces a client's unnamed statement", strict=False)
@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
def test_pool_is_shared_with_clients(asker, make_pooler, mode):
    """One server connection for the query and for the asker's own clients."""
    pooler = make_pooler(settings={**CONFIG, "pool_mode": mode, "default_pool_size": 1},
                         userlist={**USERS, ASKER: scram_secret("asker secret")},
                         weir={"workers": 1, "auth_query_cache_ttl": 0})
    for _ in range(3):
        with pooler.connect(ASKER, password="asker secret") as client:
            assert client.value("SELECT 1") == "1"
            client.send(fe.parse("", "SELECT 'mine'") + fe.sync())
            client.read_until("Z")
            if mode != "session":
                with pooler.connect("scram_user") as other:
                    assert other.alive()
            client.send(fe.bind() + fe.execute() + fe.sync())
            assert client.read_until("Z").value == "mine"
        with pooler.connect("scram_user") as other:
            assert other.alive()


@pytest.mark.pgbouncer_differs("verbose logs hold the secret")
def test_secrets_stay_out_of_the_log(asker, make_pooler):
    pooler = make_pooler(settings={**CONFIG, "verbose": 3}, userlist=USERS)
    with pooler.connect("scram_user") as client:
        assert client.alive()
    assert asker.secret_of("scram_user")[:20] not in pooler.log()
    assert md5_secret("md5_user", PASSWORDS["md5_user"]) not in pooler.log()

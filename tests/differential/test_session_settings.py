"""SET and its friends: kept for their owner as PostgreSQL would, never seen by another client."""

import pytest

from harness import frontend as fe

LEAKS = "settings stay in the server connection and are lost to their owner"
SHOW = ("SELECT current_setting('work_mem'), current_setting('search_path'), "
        "current_setting('statement_timeout'), coalesce(current_setting('weir.leak', true), '')")
LOOK = fe.query(SHOW)
QUOTE = "'"


def steps(*statements):
    """Each statement in a message of its own, and a look after each."""
    return [step for sql in statements for step in (fe.query(sql), LOOK)]


CASES = {
    "set": ["SET work_mem = '7MB'", "SET statement_timeout = 12345", "SELECT 1"],
    "set-to-default": ["SET work_mem = '7MB'", "SET work_mem TO DEFAULT"],
    "reset": ["SET work_mem = '7MB'", "RESET work_mem", "SET work_mem = '8MB'", "RESET ALL"],
    "session-word": ["SET SESSION work_mem = '7MB'", "SET SESSION statement_timeout TO '1h'"],
    "set-local": ["SET LOCAL work_mem = '7MB'", "BEGIN", "SET LOCAL work_mem = '8MB'", "COMMIT"],
    "committed": ["BEGIN", "SET work_mem = '7MB'", "COMMIT"],
    "rolled-back": ["SET work_mem = '6MB'", "BEGIN", "SET work_mem = '7MB'", "ROLLBACK"],
    "failed": ["BEGIN", "SET work_mem = '7MB'", "SELECT 1/0", "COMMIT"],
    "savepoint": ["BEGIN", "SET work_mem = '6MB'", "SAVEPOINT a", "SET work_mem = '7MB'",
                  "ROLLBACK TO a", "COMMIT"],
    "savepoint-kept": ["BEGIN", "SAVEPOINT a", "SET work_mem = '7MB'", "RELEASE a",
                       "SAVEPOINT b", "SET statement_timeout = 77", "ROLLBACK TO b", "COMMIT"],
    "local-over-session": ["BEGIN", "SET work_mem = '7MB'", "SET LOCAL work_mem = '9MB'", "COMMIT"],
    "session-over-local": ["BEGIN", "SET LOCAL work_mem = '9MB'", "SET work_mem = '7MB'", "COMMIT"],
    "implicit-transaction": ["SET work_mem = '7MB'; SELECT 1/0", "SELECT 1"],
    "several": ["SET work_mem = '7MB'; SET statement_timeout = 99; SELECT 1"],
    "commit-in-between": ["SET work_mem = '7MB'; COMMIT; SET work_mem = '8MB'; SELECT 1/0"],
    "search-path": ["SET search_path = pg_catalog, \"odd ' name\", public", "SET search_path = ''",
                    "SET search_path TO DEFAULT", "SET SCHEMA 'pg_catalog'"],
    "quotes": ["SET weir.leak = 'it''s'", r"SET weir.leak = E'back\\slash \'quoted\''",
               "SET weir.leak = 'a;b -- c'", "SET weir.leak = $$dollar'd$$",
               "SET weir.leak TO 'ünïcödé'", "SET weir.leak = ''"],
    "long-value": [f"SET weir.leak = '{'x' * 126}'", f"SET weir.leak = '{'y' * 127}'",
                   f"SET weir.leak = '{QUOTE * 1000}'", f"SET weir.leak = '{'z' * 5000}'"],
    "set-config": ["SELECT set_config('work_mem', '7MB', false)",
                   "SELECT set_config('weir.leak', 'x', false)",
                   "SELECT set_config('statement_timeout', '5', true)"],
    "set-config-rolled-back": ["BEGIN", "SELECT set_config('work_mem', '7MB', false)", "ROLLBACK"],
    "set-config-in-cte": ["WITH a AS (SELECT set_config('weir.leak', 'cte', false) AS v) "
                          "SELECT v FROM a"],
    "set-config-in-do": ["DO $$BEGIN PERFORM set_config('weir.leak', 'do', false); END$$"],
    "set-in-do": ["DO $$BEGIN SET work_mem = '7MB'; END$$"],
    "update-of-pg-settings": ["UPDATE pg_settings SET setting = 7000 WHERE name = 'work_mem'"],
    "set-role": ["SET ROLE helper_role", "SELECT current_user, session_user", "RESET ROLE",
                 "SELECT current_user", "SET ROLE helper_role", "SELECT current_user"],
    "role-rolled-back": ["BEGIN", "SET ROLE helper_role", "ROLLBACK", "SELECT current_user"],
    "session-authorization": ["SET SESSION AUTHORIZATION alice", "SELECT current_user",
                              "SET SESSION AUTHORIZATION bob", "RESET SESSION AUTHORIZATION",
                              "SELECT session_user"],
    "read-only": ["SET default_transaction_read_only = on", "CREATE TABLE forbidden (a int4)",
                  "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
                  "SHOW default_transaction_read_only"],
    "isolation": ["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                  "SHOW transaction_isolation", "RESET default_transaction_isolation",
                  "SHOW transaction_isolation"],
    "set-transaction": ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN",
                        "SET TRANSACTION READ ONLY", "SHOW transaction_read_only", "COMMIT",
                        "SHOW transaction_read_only"],
    "time-zone": ["SET TIME ZONE 'Europe/Rome'", "SHOW TimeZone", "SET TIME ZONE LOCAL",
                  "SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE", "SHOW TimeZone",
                  "SET TIME ZONE -3.5", "SHOW TimeZone"],
    "names": ["SET NAMES 'LATIN1'", "SHOW client_encoding", "SELECT 'x'", "RESET client_encoding"],
    "xml-option": ["SET XML OPTION DOCUMENT", "SHOW xmloption", "RESET xmloption"],
    "reported": ["SET DateStyle = 'German'", "SELECT date '2026-11-23'",
                 "SET DateStyle = 'SQL, MDY'", "SELECT date '2026-11-23'",
                 "SET IntervalStyle = 'iso_8601'",
                 "SET application_name = 'it''s \"me\"'", "SHOW application_name"],
    "errors": ["SET no_such_thing = 1", "SET work_mem = 'lots'", "SET wal_level = 'logical'",
               "RESET no_such_thing", "SET work_mem = '7MB'"],
    "discard-all": ["SET work_mem = '7MB'", "SET weir.leak = 'x'", "DISCARD ALL", "SELECT 1"],
    "comments": ["/* a */ SET -- b\n work_mem /* c /* d */ */ = '7MB'", "sEt WORK_MEM tO '8MB'",
                 "  ;  SET work_mem = '9MB'"],
}


# What PgBouncer gets right: the parameters that it follows, and what leaves no trace.
FOLLOWED = {"set-local", "failed", "implicit-transaction", "set-config-rolled-back",
            "role-rolled-back", "session-authorization", "read-only", "set-transaction",
            "time-zone", "names", "reported"}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in FOLLOWED else pytest.mark.pgbouncer_differs(LEAKS))
    for name in CASES])
def test_simple(differential, name):
    differential(steps(*CASES[name]))


@pytest.mark.parametrize("name", [
    "set", "rolled-back", "savepoint", "set-config", "quotes", "set-role", "search-path"])
@pytest.mark.pgbouncer_differs(LEAKS)
def test_extended(differential, name):
    """The same as unnamed and as named statements, each statement in one batch with its look."""
    script = []
    for sql in CASES[name]:
        script += [fe.run(sql) + fe.run(SHOW) + fe.sync(),
                   fe.run(SHOW) + fe.sync()]
    for number, sql in enumerate(CASES[name]):
        script += [fe.parse(f"s{number}", sql) + fe.sync(), fe.bound(f"s{number}") + fe.sync(),
                   LOOK]
    differential(script)


@pytest.mark.pgbouncer_differs(LEAKS)
def test_bound_set_config(differential):
    differential([
        fe.parse("c", "SELECT set_config($1, $2, $3)") + fe.sync(),
        fe.bound("c", ["work_mem", "7MB", "f"]) + fe.sync(), LOOK,
        fe.bound("c", ["weir.leak", "it's \\ \"x\"", "f"]) + fe.sync(), LOOK,
        fe.bound("c", ["statement_timeout", "5", "t"]) + fe.sync(), LOOK,
        fe.bound("c", ["weir.leak", None, "f"]) + fe.sync(), LOOK])


@pytest.fixture
def functions(cluster):
    cluster.execute(
        "CREATE OR REPLACE FUNCTION quiet_set() RETURNS int LANGUAGE plpgsql AS "
        "$$BEGIN PERFORM set_config('weir.leak', 'from a body', false); RETURN 1; END$$; "
        "CREATE OR REPLACE FUNCTION tidy_set() RETURNS text LANGUAGE sql SET work_mem = '9MB' AS "
        "$$SELECT current_setting('work_mem')$$")


@pytest.mark.pgbouncer_differs(LEAKS)
def test_settings_of_a_function_with_its_own(differential, functions):
    """A function's SET clause ends with it."""
    differential(steps("SELECT tidy_set()", "SET work_mem = '7MB'", "SELECT tidy_set()"))


@pytest.mark.pgbouncer_differs(LEAKS)
def test_custom_settings_of_two_clients(make_pooler):
    """Rows filtered by a tenant setting: each client always has its own."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    clients = {f"tenant {n}": pooler.connect() for n in range(5)}
    for name, client in clients.items():
        client.query(f"SET app.tenant = '{name}'")
    for _ in range(20):
        for name, client in clients.items():
            assert client.value("SELECT current_setting('app.tenant')") == name
    for name, client in list(clients.items())[:3]:
        client.query("RESET app.tenant")
        assert client.value("SELECT current_setting('app.tenant')") == ""
    for name, client in list(clients.items())[3:]:
        assert client.value("SELECT current_setting('app.tenant')") == name
        client.close()


@pytest.mark.pgbouncer_differs("only what the server reports is followed")
def test_startup_parameters_are_the_defaults_of_reset(differential):
    differential([
        LOOK, fe.query("SET work_mem = '9MB'"), LOOK, fe.query("RESET work_mem"), LOOK,
        fe.query("RESET ALL"), LOOK, fe.query("DISCARD ALL"), LOOK,
        fe.query("BEGIN"), fe.query("SET LOCAL work_mem TO DEFAULT"), LOOK, fe.query("ROLLBACK")],
        login={"work_mem": "6MB", "weir.leak": "it's \\ mine", "search_path": "pg_catalog, public",
               "options": "-c statement_timeout=1234"})


def test_reported_parameters_are_followed(make_pooler):
    """What PgBouncer follows too: encodings, styles, zones, names."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    one = pooler.connect(parameters={"TimeZone": "Europe/Rome", "application_name": "one"})
    two = pooler.connect(parameters={"DateStyle": "German", "application_name": "two"})
    for _ in range(3):
        assert one.query("SELECT timestamptz '2026-11-23 12:00 UTC', "
                         "current_setting('application_name')").rows == [
            ("2026-11-23 13:00:00+01", "one")]
        assert two.query("SELECT date '2026-11-23', current_setting('application_name')").rows == [
            ("23.11.2026", "two")]
        one.query("SET IntervalStyle = 'iso_8601'")
        assert two.value("SELECT interval '1 day'") == "1 day"
        assert one.value("SELECT interval '1 day'") == "P1D"
    one.close()
    two.close()


def test_settings_are_not_an_injection(cluster, make_pooler):
    """Values with quotes are values, also when they are applied to the next server."""
    cluster.execute("DROP TABLE IF EXISTS victim; CREATE TABLE victim (a int4); "
                    "GRANT ALL ON victim TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    evil = ["x'; DROP TABLE victim; --", "x\\'; DROP TABLE victim; --", "x''; DROP TABLE victim",
            "\\", "'", "\"; DROP TABLE victim; --"]
    for value in evil:
        with pooler.connect(parameters={"application_name": value}) as one, \
                pooler.connect() as two:
            for _ in range(2):
                assert one.value("SHOW application_name") == value
                assert two.value("SHOW application_name") == ""
            two.query("SET application_name = 'other'")
            assert one.value("SHOW application_name") == value
    assert cluster.execute("SELECT to_regclass('victim') IS NOT NULL").value == "t"


@pytest.mark.pgbouncer_differs(LEAKS)
def test_dump_leaves_no_search_path(make_pooler):
    """What pg_dump does at its start."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect(parameters={"application_name": "pg_dump"}) as dump:
        dump.query("SELECT pg_catalog.set_config('search_path', '', false)")
        dump.query("SET statement_timeout = 0; SET lock_timeout = 0; SET extra_float_digits TO 3; "
                   "SET synchronize_seqscans TO off; SET quote_all_identifiers = true")
        with pooler.connect() as other:
            assert other.value("SHOW search_path") == '"$user", public'
        assert dump.value("SHOW search_path") == ""
        assert dump.value("SHOW quote_all_identifiers") == "on"
    with pooler.connect() as other:
        assert other.value("SHOW search_path") == '"$user", public'
        assert other.value("SHOW quote_all_identifiers") == "off"


@pytest.mark.pgbouncer_differs(LEAKS)
def test_settings_of_a_role(cluster, make_pooler):
    """ALTER ROLE ... SET is the default that RESET goes back to."""
    cluster.execute("ALTER ROLE carol SET work_mem = '11MB'")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect("carol") as one, pooler.connect("carol") as two:
        assert one.value("SHOW work_mem") == "11MB"
        one.query("SET work_mem = '12MB'")
        assert two.value("SHOW work_mem") == "11MB"
        assert one.value("SHOW work_mem") == "12MB"
        one.query("RESET work_mem")
        assert one.value("SHOW work_mem") == "11MB"
        one.query("RESET ALL")
        assert two.value("SHOW work_mem") == "11MB"


@pytest.mark.pgbouncer_differs("PgBouncer's own way")
@pytest.mark.parametrize("state", ["set", "set-config", "set-role", "search-path"])
def test_next_clients_see_nothing(make_pooler, state):
    """The measurement of the traps: a state set by one, asked by twenty others."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as fresh:
        expected = fresh.query(SHOW + ", current_user").rows
    with pooler.connect() as owner:
        for sql in CASES[state]:
            owner.query(sql)
        owned = owner.query(SHOW + ", current_user").rows
        assert owned != expected
        for _ in range(20):
            with pooler.connect() as stranger:
                assert stranger.query(SHOW + ", current_user").rows == expected
        assert owner.query(SHOW + ", current_user").rows == owned

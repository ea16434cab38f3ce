"""Named statements: the client's own, whatever the server connection has seen."""

import pytest

from harness import frontend as fe

ENDS_SESSION = "an unknown or duplicate statement name ends the session"
FORGETS = "after an error in a batch it believes in statements that the server does not have"


@pytest.mark.pgbouncer_differs(ENDS_SESSION)
@pytest.mark.parametrize("use", [
    fe.bind("", "nope"), fe.describe_statement("nope"), fe.bound("nope", ["x"])],
    ids=["bind", "describe", "group"])
def test_unknown_statement_is_26000_and_the_session_lives(differential, use):
    def check(transcript):
        codes = [error["C"] for error in transcript.errors]
        assert codes == ["26000", "26000", "26000", "25P02", "26000"]

    differential([
        use + fe.sync(), fe.query("SELECT 1"),
        fe.run("SELECT 2") + use + fe.run("SELECT 3") + fe.sync(), fe.query("SELECT 4"),
        fe.query("BEGIN"), use + fe.sync(), fe.query("SELECT 5"), fe.query("ROLLBACK"),
        use + fe.sync() + fe.run("SELECT 6") + fe.sync()], ignore=("source",), check=check)


@pytest.mark.pgbouncer_differs(ENDS_SESSION)
def test_duplicate_statement_is_42p05_and_the_session_lives(differential):
    again = fe.parse("s", "SELECT 'again'")

    def check(transcript):
        assert [error["C"] for error in transcript.errors][:3] == ["42P05"] * 3

    differential([
        fe.parse("s", "SELECT 'first'") + fe.sync(), again + fe.sync(),
        fe.run("SELECT 1") + again + fe.run("SELECT 2") + fe.sync(),
        fe.query("BEGIN"), again + fe.sync(), fe.query("ROLLBACK"),
        fe.bound("s") + fe.sync(),
        fe.close_statement("s") + again + fe.bound("s") + fe.sync()],
        ignore=("source",), check=check)


@pytest.mark.pgbouncer_differs(ENDS_SESSION)
def test_duplicate_within_one_batch(differential):
    differential([
        fe.parse("s", "SELECT 1") + fe.parse("s", "SELECT 2") + fe.sync(),
        fe.bound("s") + fe.sync(),
        fe.parse("t", "SELECT 3") + fe.bind("", "gone") + fe.parse("u", "SELECT 4") + fe.sync(),
        fe.bound("t") + fe.sync(), fe.bound("u") + fe.sync()], ignore=("source",))


@pytest.mark.pgbouncer_differs("the failed Parse occupies the name")
def test_failed_parse_is_not_remembered(differential):
    differential([
        fe.parse("s", "SELECT nothing") + fe.sync(), fe.parse("s", "SELECT 'good'") + fe.sync(),
        fe.bound("s") + fe.sync(),
        fe.parse("t", "syntax error") + fe.bound("t") + fe.sync(),
        fe.bound("t") + fe.sync(), fe.query("SELECT 1")], ignore=("source",))


@pytest.mark.pgbouncer_differs("what was skipped after an error stays registered")
def test_parse_skipped_after_an_error_is_not_remembered(differential):
    differential([
        fe.run("SELECT 1/0") + fe.parse("s", "SELECT 's'") + fe.close_statement("t") + fe.sync(),
        fe.bound("s") + fe.sync(), fe.parse("s", "SELECT 'now'") + fe.bound("s") + fe.sync()],
        ignore=("source",))


def test_parse_inside_a_rolled_back_transaction_stays(differential):
    differential([
        fe.query("BEGIN"), fe.parse("s", "SELECT 's'") + fe.sync(), fe.query("ROLLBACK"),
        fe.bound("s") + fe.sync()])


@pytest.mark.pgbouncer_differs(FORGETS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_eviction_inside_a_batch(differential, size):
    """More statements in one batch than a server connection may keep."""
    names = [f"s{n}" for n in range(5)]
    parses = b"".join(fe.parse(name, f"SELECT '{name}', $1::text") for name in names)
    uses = [fe.bound(name, [f"v{n}"]) for n in range(3) for name in names]
    differential([
        parses + fe.sync(), b"".join(uses) + fe.sync(),
        b"".join(use + fe.sync() for use in reversed(uses)),
        b"".join(fe.describe_statement(name) for name in names) + fe.sync(),
        b"".join(uses) + fe.run("SELECT 1/0") + b"".join(uses) + fe.sync(),
        fe.query("BEGIN") + b"".join(uses) + fe.sync() + fe.query("COMMIT"),
        b"".join(fe.close_statement(name) + fe.parse(name, f"SELECT 'new {name}'")
                 + fe.bound(name) for name in names) + fe.sync()],
        settings={"max_prepared_statements": size})


@pytest.mark.pgbouncer_differs(FORGETS)
def test_error_at_each_position_with_a_tiny_cache(differential):
    """Evictions and made-up answers around an error, then everything once more. The division
    must not be done by the planner, or the error's place would depend on the age of the plan."""
    def script(connection):
        for n in range(4):
            connection.exchange(fe.parse(f"s{n}", f"SELECT {n} / ($1::int4 + random()::int4 * 0)"),
                                fe.sync())
        for bad in range(8):
            connection.exchange(*(fe.bound(f"s{n % 4}", ["0" if n == bad else "1"])
                                  for n in range(8)), fe.sync())
            connection.exchange(*(fe.bound(f"s{n}", ["1"]) for n in range(4)), fe.sync())

    differential(script, settings={"max_prepared_statements": 2})


def test_parse_complete_in_its_place(cluster, make_pooler):
    """The second client's Parse needs no server, but is answered where PostgreSQL would."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    batch = (fe.parse("a", "SELECT repeat('x', 100000)") + fe.describe_statement("a")
             + fe.bound("a") + fe.parse("b", "SELECT 2") + fe.describe_statement("b")
             + fe.bound("b") + fe.parse("c", "SELECT 3") + fe.close_statement("c")
             + fe.bound("a") + fe.sync())
    with cluster.connect() as direct:
        expected = direct.exchange(batch)
    for _ in range(3):
        with pooler.connect() as connection:
            assert connection.exchange(batch) == expected
            connection.exchange(fe.close_statement("a"), fe.close_statement("b"), fe.sync())
            assert connection.exchange(batch) == expected


def test_made_up_answers_around_an_error(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    before = fe.parse("a", "SELECT 1") + fe.bound("a")
    batch = before + fe.run("SELECT 1/0") + fe.parse("b", "SELECT 2") + fe.bound("b") + fe.sync()
    tail = fe.parse("b", "SELECT 2") + fe.bound("b") + fe.bound("a") + fe.sync()
    with pooler.connect() as first:
        first.exchange(before, fe.parse("b", "SELECT 2"), fe.sync())
    with cluster.connect() as direct, pooler.connect() as pooled:
        assert pooled.exchange(batch) == direct.exchange(batch)
        if not pooled.exchange(fe.query("SELECT 1")).errors:
            assert direct.query("SELECT 1").value == "1"
        assert direct.exchange(tail).kinds() == "12TDC2TDCZ"


@pytest.mark.pgbouncer_differs("it keeps back a ParseComplete that it made up until a Sync")
def test_client_gone_between_parse_and_sync(make_pooler):
    """The next client with the same text gets an answer, not 26000."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    for wait in (True, False):
        for _ in range(5):
            leaver = pooler.connect()
            leaver.send(fe.parse("s", "SELECT 'shared text'"), fe.flush() if wait else b"")
            if wait:
                leaver.read_until("1")
            leaver.abandon()
            with pooler.connect() as stayer:
                reply = stayer.exchange(fe.parse("s", "SELECT 'shared text'"), fe.bound("s"),
                                        fe.sync())
                assert reply.value == "shared text"


@pytest.mark.pgbouncer_differs("a stale plan's error reaches a client that just prepared it")
def test_fresh_client_after_ddl(cluster, make_pooler):
    """Somebody's DDL makes the shared plan stale; a new Parse must see the new table."""
    cluster.execute("DROP TABLE IF EXISTS shape; CREATE TABLE shape (a int4); "
                    "INSERT INTO shape VALUES (1); GRANT SELECT ON shape TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    batch = fe.parse("s", "SELECT * FROM shape") + fe.describe_statement("s") + fe.bound("s")
    with pooler.connect() as first:
        assert first.exchange(batch, fe.sync()).rows == [("1",)]
        cluster.execute("ALTER TABLE shape ADD COLUMN b text DEFAULT 'new'")
        with pooler.connect() as second, cluster.connect() as direct:
            assert second.exchange(batch, fe.sync()) == direct.exchange(batch, fe.sync())


@pytest.mark.pgbouncer_differs("a stale plan's error reaches a client that just prepared it")
def test_fresh_client_after_ddl_on_the_same_worker(cluster, make_pooler):
    """As above, where both clients share what the worker knows of the statement."""
    cluster.execute("DROP TABLE IF EXISTS shape1; CREATE TABLE shape1 (a int4); "
                    "INSERT INTO shape1 VALUES (1); GRANT SELECT ON shape1 TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}}, weir={"workers": 1})
    batch = fe.parse("s", "SELECT * FROM shape1") + fe.describe_statement("s") + fe.bound("s")
    with pooler.connect() as first:
        assert first.exchange(batch, fe.sync()).rows == [("1",)]
        cluster.execute("ALTER TABLE shape1 ADD COLUMN b text DEFAULT 'new'")
        with pooler.connect() as second, cluster.connect() as direct:
            assert second.exchange(batch, fe.sync()) == direct.exchange(batch, fe.sync())


@pytest.mark.weir_only("PgBouncer gives rows of another shape, or the error once for each server")
@pytest.mark.parametrize("workers", [1, 2])
def test_described_statement_after_ddl(cluster, make_pooler, workers):
    """Who was told the columns gets PostgreSQL's error from every server, until it parses anew."""
    table = f"told{workers}"
    cluster.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (a int4); "
                    f"INSERT INTO {table} VALUES (1); GRANT SELECT ON {table} TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 2}}, weir={"workers": workers})
    prepare = fe.parse("s", f"SELECT * FROM {table}") + fe.describe_statement("s")
    run = fe.bind("", "s") + fe.execute()
    with pooler.connect() as client, pooler.connect() as other, cluster.connect() as direct:
        for connection in (client, direct):
            assert connection.exchange(prepare, fe.sync()).kinds() == "1tTZ"
            assert connection.exchange(run, fe.sync()).rows == [("1",)]
        cluster.execute(f"ALTER TABLE {table} ADD COLUMN b text DEFAULT 'new'")
        for _ in range(3):
            expected = direct.exchange(run, fe.sync())
            for query in ("BEGIN", "ROLLBACK"):  # on one server, then on the other
                reply = client.exchange(run, fe.sync())
                assert reply.kinds() == expected.kinds()
                for field in "SVCMR":
                    assert reply.error[field] == expected.error[field]
                other.query(query)
        for connection in (client, direct):
            again = connection.exchange(fe.close_statement("s"), prepare, run, fe.sync())
            assert again.rows == [("1", "new")]
        for query in ("BEGIN", "ROLLBACK"):
            assert client.exchange(run, fe.sync()).rows == [("1", "new")]
            other.query(query)


@pytest.mark.weir_only("a stale plan is prepared again outside transactions")
def test_old_client_after_ddl(cluster, make_pooler):
    cluster.execute("DROP TABLE IF EXISTS shape2; CREATE TABLE shape2 (a int4); "
                    "INSERT INTO shape2 VALUES (1); GRANT SELECT ON shape2 TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.exchange(fe.parse("s", "SELECT * FROM shape2"), fe.bound("s"), fe.sync())
        cluster.execute("ALTER TABLE shape2 ADD COLUMN b text DEFAULT 'new'")
        assert client.exchange(fe.bound("s"), fe.sync()).rows == [("1", "new")]
        assert client.exchange(fe.bound("s"), fe.sync()).rows == [("1", "new")]


def test_stale_plan_inside_a_transaction_is_postgresqls_error(cluster, make_pooler):
    cluster.execute("DROP TABLE IF EXISTS shape3; CREATE TABLE shape3 (a int4); "
                    "GRANT SELECT ON shape3 TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as client:
        client.exchange(fe.parse("s", "SELECT * FROM shape3"), fe.bound("s"), fe.sync())
        cluster.execute("ALTER TABLE shape3 ADD COLUMN b text")
        client.query("BEGIN")
        reply = client.exchange(fe.bound("s"), fe.sync())
        assert reply.sqlstate == "0A000"
        assert reply.error["M"] == "cached plan must not change result type"
        assert reply.status == "E"
        assert client.query("ROLLBACK").status == "I"
        assert client.alive()


def test_same_text_with_other_parameter_types(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    text = "SELECT pg_typeof($1)::text"
    with pooler.connect() as one, pooler.connect() as two:
        for _ in range(2):
            one.exchange(fe.parse("s", text, [23]), fe.sync())
            two.exchange(fe.parse("s", text, [25]), fe.sync())
            assert one.exchange(fe.bound("s", ["1"]), fe.sync()).value == "integer"
            assert two.exchange(fe.bound("s", ["1"]), fe.sync()).value == "text"
            one.exchange(fe.close_statement("s"), fe.sync())
            two.exchange(fe.close_statement("s"), fe.sync())


@pytest.mark.pgbouncer_differs("one statement for every search_path")
@pytest.mark.parametrize("workers", [1, 2])
def test_same_text_under_another_search_path(cluster, make_pooler, workers):
    """A plan of one client's search_path does not serve another's."""
    cluster.execute(
        "DROP SCHEMA IF EXISTS north, south CASCADE; CREATE SCHEMA north; CREATE SCHEMA south; "
        "CREATE TABLE north.place AS SELECT 'north' AS name; "
        "CREATE TABLE south.place AS SELECT 'south'::text AS name, 2 AS more; "
        "GRANT USAGE ON SCHEMA north, south TO PUBLIC; "
        "GRANT SELECT ON north.place, south.place TO PUBLIC")
    pooler = make_pooler(databases={"app": {"pool_size": 1}}, weir={"workers": workers})
    with pooler.connect() as north, pooler.connect() as south:
        north.query("SET search_path = north")
        south.query("SET search_path = south")
        for _ in range(2):
            for client in (north, south):
                client.exchange(fe.parse("s", "SELECT * FROM place"), fe.sync())
            assert north.exchange(fe.bound("s"), fe.sync()).rows == [("north",)]
            assert south.exchange(fe.bound("s"), fe.sync()).rows == [("south", "2")]
            for client in (north, south):
                client.exchange(fe.close_statement("s"), fe.sync())


def test_same_name_in_two_clients(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.exchange(fe.parse("s", "SELECT 'one', $1::text"), fe.sync())
        two.exchange(fe.parse("s", "SELECT 'two', $1::int4"), fe.sync())
        for _ in range(3):
            assert one.exchange(fe.bound("s", ["a"]), fe.sync()).rows == [("one", "a")]
            assert two.exchange(fe.bound("s", ["7"]), fe.sync()).rows == [("two", "7")]
        one.exchange(fe.close_statement("s"), fe.sync())
        assert two.exchange(fe.bound("s", ["8"]), fe.sync()).rows == [("two", "8")]


def test_close_and_parse_again(differential):
    differential([
        fe.close_statement("never"), fe.parse("s", "SELECT 1") + fe.close_statement("s")
        + fe.parse("s", "SELECT 2") + fe.bound("s") + fe.sync(),
        fe.close_statement("s") + fe.close_statement("s") + fe.sync(),
        fe.parse("s", "SELECT $1::int4") + fe.describe_statement("s") + fe.sync(),
        fe.bound("s", ["3"]) + fe.sync()][1:])


@pytest.mark.parametrize("name", [
    "PGBOUNCER_1", "s", "weir_1", "x" * 1000, "ünïcödé", "a b'c\"d\\"])
def test_odd_statement_names(differential, name):
    differential([
        fe.parse(name, "SELECT 1") + fe.describe_statement(name) + fe.bound(name) + fe.sync(),
        fe.bound(name) + fe.sync(), fe.close_statement(name) + fe.sync()])


def test_describe_of_every_kind(differential):
    differential([
        fe.parse("s", "SELECT $1::int4, $2::text") + fe.describe_statement("s") + fe.sync(),
        fe.parse("n", "SET LOCAL work_mem = '5MB'") + fe.describe_statement("n") + fe.sync(),
        fe.describe_statement("s") + fe.bind("", "s", [1, 2]) + fe.describe_portal() + fe.sync(),
        fe.parse("", "SELECT $1::int8") + fe.describe_statement() + fe.sync()])


def test_large_statement_text(differential):
    text = f"SELECT $1::text, length('{'y' * 300000}')"
    differential([
        fe.parse("big", text) + fe.bound("big", ["x" * 200000]) + fe.sync(),
        fe.bound("big", ["again"]) + fe.sync(),
        fe.close_statement("big") + fe.parse("big", text) + fe.bound("big", ["z"]) + fe.sync()])


def test_sql_prepare_execute_deallocate(differential):
    differential([
        fe.query("PREPARE q (int4) AS SELECT $1 + 1"), fe.query("EXECUTE q (1)"),
        fe.query("EXECUTE q (2); EXECUTE q (3)"), fe.query("PREPARE q AS SELECT 2"),
        fe.query("DEALLOCATE q"), fe.query("EXECUTE q (4)"), fe.query("DEALLOCATE q"),
        fe.query("SELECT 1")], ignore=("source",), neighbours="after")


@pytest.mark.pgbouncer_differs("SQL PREPARE stays in whatever server connection ran it")
def test_sql_prepare_belongs_to_its_client(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    with pooler.connect() as one, pooler.connect() as two:
        one.query("PREPARE q AS SELECT 'one'")
        assert two.query("EXECUTE q").sqlstate == "26000"
        two.query("PREPARE q AS SELECT 'two'")
        for _ in range(3):
            assert one.query("EXECUTE q").value == "one"
            assert two.query("EXECUTE q").value == "two"
        one.query("DEALLOCATE q")
        assert one.query("EXECUTE q").sqlstate == "26000"
        assert two.query("EXECUTE q").value == "two"


@pytest.mark.pgbouncer_differs("SQL and protocol statements are kept apart")
def test_sql_and_protocol_statements_are_one_namespace(differential):
    differential([
        fe.parse("s", "SELECT 's'") + fe.sync(), fe.query("EXECUTE s"), fe.query("DEALLOCATE s"),
        fe.bound("s") + fe.sync(), fe.query("PREPARE t AS SELECT 't'"), fe.bound("t") + fe.sync(),
        fe.close_statement("t") + fe.sync(), fe.query("EXECUTE t")],
        ignore=("source",), neighbours="after")


@pytest.mark.pgbouncer_differs(ENDS_SESSION)
@pytest.mark.parametrize("clearing", ["DEALLOCATE ALL", "DISCARD ALL", "DEALLOCATE PREPARE ALL"])
@pytest.mark.parametrize("extended", [False, True], ids=["simple", "extended"])
def test_clearing_all_statements(differential, clearing, extended):
    clear = fe.run(clearing) + fe.sync() if extended else fe.query(clearing)
    differential([
        fe.parse("s", "SELECT 1") + fe.parse("t", "SELECT 2") + fe.sync(), clear,
        fe.bound("s") + fe.sync(), fe.parse("s", "SELECT 3") + fe.bound("s") + fe.sync(),
        fe.bound("t") + fe.sync(), clear, fe.query("SELECT 4")], ignore=("source",))


def test_clearing_leaves_other_clients_statements(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as one, pooler.connect() as two:
        one.exchange(fe.parse("s", "SELECT 'one'"), fe.sync())
        for clearing in ("DEALLOCATE ALL", "DISCARD ALL"):
            two.exchange(fe.parse("s", "SELECT 'one'"), fe.sync())
            two.query(clearing)
            assert one.exchange(fe.bound("s"), fe.sync()).value == "one"


def test_many_clients_share_texts(make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 2}},
                         settings={"max_prepared_statements": 7})
    clients = [pooler.connect() for _ in range(8)]
    for turn in range(10):
        for number, client in enumerate(clients):
            for n in range(5):
                name, text = f"s{(n + number) % 5}", f"SELECT {n} || $1::text"
                if turn == 0:
                    client.exchange(fe.parse(name, text), fe.sync())
                else:
                    reply = client.exchange(fe.bound(name, [f"-{number}"]), fe.sync())
                    assert reply.value == f"{n}-{number}"
    for client in clients:
        client.close()


def test_distinct_statements_end_in_flat_memory(pooler):
    """Prepared, used and closed: nothing may be left of tens of thousands of them."""
    def churn(client, first, count):
        for start in range(first, first + count, 100):
            client.exchange(*(
                fe.parse(f"s{n}", f"SELECT {n} /* {'x' * 200} */") + fe.bind("", f"s{n}")
                + fe.execute() + fe.close_statement(f"s{n}") for n in range(start, start + 100)),
                fe.sync())

    with pooler.connect(timeout=30) as client:
        churn(client, 0, 5000)
        before = pooler.resident_kb()
        churn(client, 5000, 30000)
        assert pooler.resident_kb() - before < 4000


def test_statements_of_many_short_clients_end_in_flat_memory(pooler):
    def visit(number):
        with pooler.connect() as client:
            client.exchange(*(fe.parse(f"s{n}", f"SELECT {number}, {n} /* {'x' * 500} */")
                              for n in range(100)), fe.sync())

    for number in range(30):
        visit(number)
    before = pooler.resident_kb()
    for number in range(30, 180):
        visit(number)
    assert pooler.resident_kb() - before < 3000



@pytest.mark.pgbouncer_differs("DEALLOCATE of a name that the protocol made is not translated")
def test_deallocate_by_the_extended_protocol(differential):
    deallocate = fe.run("DEALLOCATE s") + fe.sync()
    differential([
        fe.parse("s", "SELECT 's'") + fe.sync(), fe.bound("s") + fe.sync(),
        deallocate, fe.bound("s") + fe.sync(), deallocate,
        fe.parse("s", "SELECT 'again'") + fe.bound("s") + fe.sync(),
        fe.query("BEGIN"), fe.query("SELECT 1/0"), deallocate, fe.query("ROLLBACK"),
        fe.run("SELECT 1") + fe.bind("", "gone") + fe.run("DEALLOCATE s") + fe.sync(),
        fe.bound("s") + fe.sync(),
        fe.bound("s") + fe.run("DEALLOCATE s") + fe.parse("s", "SELECT 'new'") + fe.bound("s")
        + fe.sync(), fe.bound("s") + fe.sync()], ignore=("source",))

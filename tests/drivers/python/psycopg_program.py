"""psycopg 3: prepared statements of its own making, pipelines, COPY, cursors, asyncio."""

import asyncio

import psycopg

from checks import cancelled, equal, fails, main, together

CLIENTS = 12


def connected(work, **options):
    """A function of `who` that gives work a connection, which must still be whole afterwards."""

    def run(who):
        with psycopg.connect("", autocommit=True, **options) as connection:
            work(connection, who)
            equal((connection.closed, connection.broken), (False, False), "the connection is whole")

    return run


def setup(sql):
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute(sql)


def one(connection, sql, *parameters, **options):
    return connection.execute(sql, parameters, **options).fetchone()


def work():
    setup("CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)")

    def client(connection, who):
        for turn in range(15):
            body = f"client {who} turn {turn}"
            (number,) = one(
                connection, "INSERT INTO note (who, body) VALUES (%s, %s) RETURNING id", who, body
            )
            try:
                with connection.transaction():
                    connection.execute("UPDATE note SET body = 'lost' WHERE id = %s", (number,))
                    with connection.transaction(force_rollback=True):
                        connection.execute("DELETE FROM note WHERE id = %s", (number,))
                    equal(
                        one(connection, "SELECT body FROM note WHERE id = %s", number),
                        ("lost",),
                        "the row after the inner transaction",
                    )
                    raise KeyError
            except KeyError:
                pass
            equal(
                one(connection, "SELECT who, body FROM note WHERE id = %s", number),
                (who, body),
                "the row",
            )
            fails(
                "23505",
                "a duplicate",
                one,
                connection,
                "INSERT INTO note (who, body) VALUES (%s, %s)",
                who,
                body,
            )
        text, data = "ß" * 50000, bytes(range(256)) * 300
        equal(
            one(
                connection,
                "SELECT %s, %b, %s::int[], %b::timestamptz IS NULL",
                text,
                data,
                [who, None],
                None,
            ),
            (text, data, [who, None], True),
            "values of many types",
        )
        seen = list(
            connection.cursor().stream("SELECT %s::int, i FROM generate_series(1, 500) i", (who,))
        )
        equal(seen, [(who, i) for i in range(1, 501)], "rows one by one")

    together(CLIENTS, connected(client))


def prepared():
    """The same names stand for other texts in every client."""

    def client(connection, who):
        for turn in range(12):
            for kind in range(8):
                sql = f"SELECT {who} * 1000 + {kind}, %s::int"
                equal(
                    one(connection, sql, turn),
                    (who * 1000 + kind, turn),
                    "a statement prepared in time",
                )
            equal(
                one(connection, "SELECT %s::text", f"{who}", prepare=True),
                (f"{who}",),
                "one prepared at once",
            )
        fails(
            "22012",
            "a prepared statement that fails",
            one,
            connection,
            "SELECT 1 / %s::int",
            0,
            prepare=True,
        )
        equal(one(connection, "SELECT 1 / %s::int", 1, prepare=True), (1,), "the same again")

    together(CLIENTS, connected(client))


def deallocate():
    """Past prepared_max psycopg deallocates the oldest; it forgets all after DROP."""

    def client(connection, who):
        connection.prepared_max = 3
        for turn in range(3):
            for kind in range(9):
                for _ in range(2):
                    equal(
                        one(connection, f"SELECT {who}, {kind}, %s::int", turn, prepare=True),
                        (who, kind, turn),
                        "one of more statements than it keeps",
                    )
        connection.execute(f"CREATE TABLE brief{who} (n int)")
        connection.execute(f"DROP TABLE brief{who}")
        equal(
            one(connection, f"SELECT {who}, 0, %s::int", 7, prepare=True),
            (who, 0, 7),
            "a statement after DROP",
        )

    together(CLIENTS, connected(client))


def broken_pipeline(connection):
    with connection.pipeline():
        connection.execute("SELECT 'before'")
        connection.execute("SELECT 1 / %s::int", (0,))
        connection.execute("SELECT 'after'")


def pipelines():
    setup("CREATE TABLE entry (who int, n int PRIMARY KEY)")

    def client(connection, who):
        for turn in range(5):
            with connection.pipeline() as pipeline:
                cursors = [
                    connection.execute("SELECT %s::int, %s::int", (who, n)) for n in range(100)
                ]
                pipeline.sync()
                equal(
                    [cursor.fetchone() for cursor in cursors],
                    [(who, n) for n in range(100)],
                    "pipelined answers",
                )
            fails("22012", "an error in a pipeline", broken_pipeline, connection)
            equal(one(connection, "SELECT %s::int", who), (who,), "a query after it")
            with connection.transaction(), connection.pipeline():
                first = who * 10000 + turn * 1000
                connection.cursor().executemany(
                    "INSERT INTO entry VALUES (%s, %s)", [(who, first + n) for n in range(300)]
                )
        equal(one(connection, "SELECT count(*) FROM entry WHERE who = %s", who), (1500,), "entries")
        cursor = connection.cursor()
        cursor.executemany("SELECT %s::int * 2", [(n,) for n in range(50)], returning=True)
        doubled = [cursor.fetchone()[0]]
        while cursor.nextset():
            doubled.append(cursor.fetchone()[0])
        equal(doubled, [n * 2 for n in range(50)], "executemany with answers")

    together(CLIENTS, connected(client))


def copy():
    setup("CREATE TABLE line (who int, n int, body text)")

    def client(connection, who):
        rows = [(who, n, None if n % 10 == 0 else f"line\t{n}\n{'y' * 200}") for n in range(3000)]
        cursor = connection.cursor()
        for form in ("text", "binary"):
            with cursor.copy(f"COPY line FROM STDIN (FORMAT {form})") as into:
                into.set_types(["int4", "int4", "text"])
                for row in rows:
                    into.write_row(row)
            with cursor.copy(
                f"COPY (SELECT * FROM line WHERE who = {who} ORDER BY n) TO STDOUT (FORMAT {form})"
            ) as out:
                out.set_types(["int4", "int4", "text"])
                equal(list(out.rows()) == rows, True, f"COPY in {form}")
            with connection.transaction():
                connection.execute("DELETE FROM line WHERE who = %s", (who,))

        def given_up():
            with cursor.copy("COPY line FROM STDIN") as into:
                into.write_row(rows[0])
                raise ZeroDivisionError

        try:
            given_up()
        except (ZeroDivisionError, psycopg.errors.QueryCanceled):
            pass  # the second is what psycopg 3.1 makes of it
        equal(
            one(connection, "SELECT count(*) FROM line WHERE who = %s", who), (0,), "lines after it"
        )

    together(CLIENTS, connected(client))


def cursors():
    def client(connection, who):
        for turn in range(3):
            with connection.transaction(), connection.cursor("walk") as walk:
                walk.itersize = 70
                walk.execute("SELECT %s::int, i FROM generate_series(1, 500) i", (who,))
                equal(list(walk), [(who, i) for i in range(1, 501)], "a server cursor")
                walk.execute("SELECT i FROM generate_series(1, 100) i", binary=True)
                equal(
                    walk.fetchmany(turn + 1), [(i,) for i in range(1, turn + 2)], "its next query"
                )

    together(CLIENTS, connected(client))


def notices():
    def client(connection, who):
        heard = []
        connection.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        for turn in range(10):
            connection.execute(f"DO $$ BEGIN RAISE NOTICE 'notice {turn} of {who}'; END $$")
        own = [text for text in heard if text.startswith("notice")]
        equal(own, [f"notice {turn} of {who}" for turn in range(10)], "the own notices in order")

    together(CLIENTS, connected(client))


def cancel():
    """Two queries are cancelled while they run; the connections that watch must not notice."""

    def client(connection, who):
        watching = psycopg.connect("")
        watching.autocommit = True
        ask = lambda sql: one(watching, sql)[0]
        for _ in range(3):
            fails(
                "57014", "a cancelled query", cancelled, connection.execute, ask, connection.cancel
            )
            equal(one(connection, "SELECT %s::int", who), (who,), "the next query")
        watching.close()

    together(2, connected(client))


async def asynchronous(who):
    async with await psycopg.AsyncConnection.connect("", autocommit=True) as connection:
        for turn in range(20):
            async with connection.transaction():
                cursor = await connection.execute("SELECT pg_backend_pid(), %s::int", (who,))
                first = await cursor.fetchone()
                cursor = await connection.execute("SELECT pg_backend_pid(), %s::int", (who,))
                equal(await cursor.fetchone(), first, "one server for all of a transaction")
        async with connection.pipeline():
            cursors = [await connection.execute("SELECT %s::int", (who + n,)) for n in range(50)]
            equal(
                [await cursor.fetchone() for cursor in cursors],
                [(who + n,) for n in range(50)],
                "pipelined answers",
            )


def asyncio_clients():
    async def all_clients():
        await asyncio.gather(*(asynchronous(who) for who in range(30)))

    asyncio.run(all_clients())


def settings():
    def client(who):
        options = f"-c statement_timeout={10001 + who} -c search_path=own{who}"
        with psycopg.connect("", application_name=f"three {who}", options=options) as connection:
            connection.autocommit = True
            connection.execute("SELECT set_config('weir.who', %s, false)", (f"w{who}",))
            connection.execute("SET work_mem = '2MB'")
            with connection.transaction(force_rollback=True):
                connection.execute("SET work_mem = '3MB'")
            for _ in range(8):
                seen = [
                    one(connection, f"SHOW {name}")[0]
                    for name in (
                        "application_name",
                        "statement_timeout",
                        "search_path",
                        "weir.who",
                        "work_mem",
                    )
                ]
                equal(
                    seen,
                    [f"three {who}", f"{10001 + who}ms", f"own{who}", f"w{who}", "2MB"],
                    "the own settings",
                )
            connection.execute("SET statement_timeout = 150")
            fails("57014", "a query over statement_timeout", one, connection, "SELECT pg_sleep(20)")

    together(CLIENTS, client)


def notifications():
    def client(connection, who):
        connection.execute(f"LISTEN channel_{who}")
        heard = []
        connection.add_notify_handler(heard.append)
        connection.execute("SELECT pg_notify(%s, %s)", (f"channel_{who}", f"for {who}"))
        for _ in range(100):
            if heard:
                break
            connection.execute("SELECT pg_sleep(0.05)")
        equal(
            [(notify.channel, notify.payload) for notify in heard],
            [(f"channel_{who}", f"for {who}")],
            "the own notification",
        )

    together(2, connected(client))


def console():
    with psycopg.connect("", autocommit=True) as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                for _ in range(7):  # prepared from the sixth time on
                    rows = dict(cursor.execute("SHOW LISTS").fetchall())
                    equal((rows["databases"], type(rows["pools"])), (2, int), "SHOW LISTS")
                    (row,) = [
                        row for row in cursor.execute("SHOW STATS") if row[0] == "pgbouncer"
                    ]
                    equal(row[-1] >= 0, True, "a numeric")
        fails("08P01", "a wrong command", connection.execute, "SHOW nothing at all")
        for command in ("PAUSE", "RESUME", "RELOAD"):
            equal(connection.execute(command).statusmessage, command, command)


main(
    {
        case.__name__: case
        for case in (
            work,
            prepared,
            deallocate,
            pipelines,
            copy,
            cursors,
            notices,
            cancel,
            asyncio_clients,
            settings,
            notifications,
            console,
        )
    }
)

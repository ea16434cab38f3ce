"""psycopg2: twelve threads, a connection each."""

import io
import select
import time

import psycopg2
import psycopg2.extensions
from psycopg2.extras import execute_batch, execute_values

from checks import cancelled, equal, fails, main, together

CLIENTS = 12


def connected(work, **options):
    """A function of `who` that gives work a connection, which must still be whole afterwards."""

    def run(who):
        connection = psycopg2.connect("", **options)
        work(connection, who)
        equal(connection.closed, 0, "the connection is whole")
        connection.close()

    return run


def setup(sql):
    with psycopg2.connect("") as connection:
        connection.cursor().execute(sql)
    connection.close()


def one(cursor, sql, *parameters):
    cursor.execute(sql, parameters)
    return cursor.fetchone()


def work():
    setup("CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)")

    def client(connection, who):
        cursor = connection.cursor()
        for turn in range(20):
            body = f"client {who} turn {turn} 'quoted' \\ é"
            (number,) = one(
                cursor, "INSERT INTO note (who, body) VALUES (%s, %s) RETURNING id", who, body
            )
            connection.commit()
            cursor.execute("UPDATE note SET body = 'lost' || id WHERE id = %s", (number,))
            fails(
                "23505",
                "a duplicate",
                one,
                cursor,
                "INSERT INTO note (who, body) VALUES (%s, %s)",
                who,
                f"lost{number}",
            )
            fails("25P02", "a query after it", one, cursor, "SELECT 1")
            connection.rollback()
            equal(
                one(cursor, "SELECT who, body FROM note WHERE id = %s", number),
                (who, body),
                "the row",
            )
            connection.rollback()
        rows = [(who, f"batch {who} {i}") for i in range(500)]
        execute_values(cursor, "INSERT INTO note (who, body) VALUES %s", rows)
        execute_batch(
            cursor, "UPDATE note SET body = body || '!' WHERE body = %s", [(b,) for _, b in rows]
        )
        connection.commit()
        cursor.execute(
            "SELECT body FROM note WHERE who = %s AND body LIKE 'batch%%' ORDER BY id", (who,)
        )
        equal([b for (b,) in cursor], [b + "!" for _, b in rows], "the batch")
        connection.commit()

    together(CLIENTS, connected(client))


def cursors():
    def client(connection, who):
        for _ in range(3):
            with connection.cursor("walk") as walk:
                walk.itersize = 100
                walk.execute("SELECT %s, i FROM generate_series(1, 1000) i", (who,))
                equal(list(walk), [(who, i) for i in range(1, 1001)], "a server-side cursor")
            with connection.cursor("back", scrollable=True) as back:
                back.execute("SELECT i + %s FROM generate_series(1, 100) i", (who,))
                back.scroll(49)
                equal(back.fetchone(), (50 + who,), "a scroll forward")
                back.scroll(-10)
                equal(back.fetchone(), (41 + who,), "a scroll back")
            connection.commit()

    together(CLIENTS, connected(client))


def holdable():
    """WITH HOLD cursors outlive their transaction: only few clients, for each holds a server."""

    def client(connection, who):
        with connection.cursor("held", withhold=True) as held:
            held.execute("SELECT i + %s FROM generate_series(1, 100) i", (who,))
            connection.commit()
            for i in range(1, 101):
                if i % 25 == 1:
                    connection.commit()
                equal(held.fetchone(), (i + who,), "a row after COMMIT")
        connection.commit()

    for _ in range(3):
        together(2, connected(client))


def copy():
    setup("CREATE TABLE line (who int, n int, body text)")

    def client(connection, who):
        cursor = connection.cursor()
        text = "".join(f"{who}\t{n}\tline {n} of {who} {'x' * 100}\n" for n in range(5000))
        cursor.copy_expert("COPY line FROM STDIN", io.StringIO(text))
        out = io.StringIO()
        cursor.copy_expert(f"COPY (SELECT * FROM line WHERE who = {who} ORDER BY n) TO STDOUT", out)
        equal(out.getvalue() == text, True, "COPY out gives what went in")
        connection.commit()
        broken = text.replace("4999\t", "no number\t", 1)
        fails(
            "22P02", "a bad line", cursor.copy_expert, "COPY line FROM STDIN", io.StringIO(broken)
        )
        connection.rollback()
        equal(one(cursor, "SELECT count(*) FROM line WHERE who = %s", who), (5000,), "lines")
        connection.commit()

    together(CLIENTS, connected(client))


def large_objects():
    """The only ordinary use of the protocol's FunctionCall."""

    def client(connection, who):
        content = bytes((who + i) % 256 for i in range(300000))
        stored = connection.lobject(0, "wb")
        stored.write(content)
        number = stored.oid
        stored.close()
        connection.commit()
        read = connection.lobject(number, "rb")
        equal(read.read() == content, True, "a large object comes back")
        read.seek(200000)
        equal(read.read(10), content[200000:200010], "a part of it")
        read.unlink()
        connection.commit()

    together(CLIENTS, connected(client))


def notices():
    def client(connection, who):
        connection.autocommit = True
        cursor = connection.cursor()
        for turn in range(10):
            del connection.notices[:]
            cursor.execute(f"DO $$ BEGIN RAISE NOTICE 'notice % of %', {turn}, {who}; END $$")
            own = [text for text in connection.notices if "No server connection" not in text]
            equal(own, [f"NOTICE:  notice {turn} of {who}\n"], "the own notice")

    together(CLIENTS, connected(client))


def cancel():
    """Two queries are cancelled while they run; the connections that watch must not notice."""

    def client(connection, who):
        watching = psycopg2.connect("")
        watching.autocommit = True
        ask = lambda sql: one(watching.cursor(), sql)[0]
        cursor = connection.cursor()
        for _ in range(3):
            fails("57014", "a cancelled query", cancelled, cursor.execute, ask, connection.cancel)
            connection.rollback()
            equal(one(cursor, "SELECT %s", who), (who,), "the next query")
            connection.rollback()
        watching.close()

    together(2, connected(client))


def two_phases():
    setup("CREATE TABLE ledger (who int, amount int)")

    def client(connection, who):
        for turn in range(5):
            connection.tpc_begin(connection.xid(1, f"client {who}", f"turn {turn}"))
            connection.cursor().execute("INSERT INTO ledger VALUES (%s, %s)", (who, turn))
            connection.tpc_prepare()
            connection.tpc_rollback() if turn % 2 else connection.tpc_commit()
        cursor = connection.cursor()
        cursor.execute("SELECT amount FROM ledger WHERE who = %s ORDER BY 1", (who,))
        equal(cursor.fetchall(), [(0,), (2,), (4,)], "what two-phase commit left")
        connection.commit()

    together(5, connected(client))


def settings():
    def client(who):
        connection = psycopg2.connect(
            "",
            application_name=f"two {who}",
            options=f"-c statement_timeout={10001 + who} -c weir.start=s{who}",
        )
        connection.set_session(
            readonly=who % 2 == 0, isolation_level="REPEATABLE READ", autocommit=True
        )
        connection.set_client_encoding("LATIN1" if who % 3 == 0 else "UTF8")
        cursor = connection.cursor()
        cursor.execute("SET lock_timeout = %s", (2001 + who,))
        for _ in range(8):
            seen = [
                one(cursor, f"SHOW {name}")[0]
                for name in (
                    "application_name",
                    "statement_timeout",
                    "weir.start",
                    "lock_timeout",
                    "default_transaction_read_only",
                    "default_transaction_isolation",
                    "client_encoding",
                )
            ]
            equal(
                seen,
                [
                    f"two {who}",
                    f"{10001 + who}ms",
                    f"s{who}",
                    f"{2001 + who}ms",
                    "on" if who % 2 == 0 else "off",
                    "repeatable read",
                    "LATIN1" if who % 3 == 0 else "UTF8",
                ],
                "the own settings",
            )
            equal(one(cursor, "SELECT 'é' || %s", who), (f"é{who}",), "text in the own encoding")
        connection.close()

    together(CLIENTS, client)


def notifications():
    heard = {}

    def client(connection, who):
        connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
        connection.cursor().execute(f"LISTEN channel_{who}")
        connection.cursor().execute("SELECT pg_notify(%s, %s)", (f"channel_{who}", f"for {who}"))
        end = time.monotonic() + 10
        while not connection.notifies and time.monotonic() < end:
            select.select([connection], [], [], 1)
            connection.poll()
        heard[who] = [(notify.channel, notify.payload) for notify in connection.notifies]

    together(2, connected(client))
    equal(
        heard, {who: [(f"channel_{who}", f"for {who}")] for who in range(2)}, "every notification"
    )


main(
    {
        case.__name__: case
        for case in (
            work,
            cursors,
            holdable,
            copy,
            large_objects,
            notices,
            cancel,
            two_phases,
            settings,
            notifications,
        )
    }
)

"""asyncpg: binary protocol, a cache of prepared statements, and a pool that resets its sessions."""

import asyncio
import datetime
import decimal
import io

import asyncpg

from checks import equal, main
import checks

CLIENTS = 12


async def fails(sqlstate, what, awaited):
    try:
        await awaited
    except asyncpg.PostgresError as error:
        equal(error.sqlstate, sqlstate, what)
    else:
        raise AssertionError(f"{what}: succeeded, expected {sqlstate}")


async def together(work, count=CLIENTS, **options):
    """work(connection, who) for every client, each with a connection that must stay whole."""

    async def client(who):
        connection = await asyncpg.connect(**options)
        await work(connection, who)
        equal(connection.is_closed(), False, "the connection is whole")
        await connection.close()

    await asyncio.gather(*(client(who) for who in range(count)))


async def setup(sql):
    connection = await asyncpg.connect()
    await connection.execute(sql)
    await connection.close()


async def work():
    await setup("CREATE TABLE note (id serial PRIMARY KEY, who int, body text UNIQUE)")
    async with asyncpg.create_pool(min_size=5, max_size=20) as pool:

        async def request(who):
            for turn in range(5):
                body = f"request {who} turn {turn}"
                number = await pool.fetchval(
                    "INSERT INTO note (who, body) VALUES ($1, $2) RETURNING id", who, body
                )
                await fails(
                    "23505",
                    "a duplicate",
                    pool.execute("INSERT INTO note (body) VALUES ($1)", body),
                )
                async with pool.acquire() as connection:
                    transaction = connection.transaction(isolation="repeatable_read")
                    await transaction.start()
                    await connection.execute("UPDATE note SET body = 'lost' WHERE id = $1", number)
                    await transaction.rollback()
                    row = await connection.fetchrow(
                        "SELECT who, body FROM note WHERE id = $1", number
                    )
                    equal(tuple(row), (who, body), "the row after a rollback")

        await asyncio.gather(*(request(who) for who in range(60)))
        equal(await pool.fetchval("SELECT count(*) FROM note"), 300, "rows in the end")


async def types():
    async def client(connection, who):
        values = (
            who,
            2**40 + who,
            f"text {who} ☃",
            bytes(range(256)) * 200,
            decimal.Decimal("1.50"),
            datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc),
            [1, None, who],
            None,
        )
        row = await connection.fetchrow(
            "SELECT $1::int, $2::bigint, $3::text, $4::bytea, $5::numeric, "
            "$6::timestamptz, $7::int[], $8::jsonb",
            *values,
        )
        equal(tuple(row), values, "values of many types")
        await connection.execute(f"CREATE TYPE mood{who} AS ENUM ('sad', 'happy')")
        await connection.execute(f"CREATE TYPE pair{who} AS (who int, mood mood{who})")
        pair = await connection.fetchval(f"SELECT ($1, 'happy')::pair{who}", who)
        equal(tuple(pair), (who, "happy"), "a type that the driver looks up")
        equal(
            await connection.fetchval(f"SELECT $1::mood{who}[]", ["sad", "happy"]),
            ["sad", "happy"],
            "an enum",
        )

    await together(client)


async def prepared():
    async def client(connection, who):
        statements = [
            await connection.prepare(f"SELECT {who} * 1000 + {n}, $1::int") for n in range(40)
        ]
        for turn in range(3):
            for n, statement in enumerate(statements):
                equal(
                    tuple(await statement.fetchrow(turn)),
                    (who * 1000 + n, turn),
                    "a prepared statement",
                )
        for n in range(250):
            equal(
                await connection.fetchval(f"SELECT {n} + $1::int", who),
                n + who,
                "more than the cache holds",
            )

    await together(client)


async def stale():
    """asyncpg prepares anew, by itself, a statement whose plan another statement made stale."""

    async def client(connection, who):
        await connection.execute(f"CREATE TABLE changing{who} (a int)")
        await connection.execute(f"INSERT INTO changing{who} VALUES ({who})")
        select = f"SELECT * FROM changing{who}"
        equal(tuple(await connection.fetchrow(select)), (who,), "before ALTER TABLE")
        await connection.execute(f"ALTER TABLE changing{who} ADD COLUMN b text DEFAULT 'new'")
        equal(tuple(await connection.fetchrow(select)), (who, "new"), "after ALTER TABLE")

    await together(client)


async def batches():
    await setup("CREATE TABLE entry (who int, n int, body text)")

    async def client(connection, who):
        rows = [(who, n, f"body {n}") for n in range(1000)]
        await connection.executemany("INSERT INTO entry VALUES ($1, $2, $3)", rows)
        await connection.copy_records_to_table(
            "entry", records=[(who, n, body) for _, n, body in rows]
        )
        seen = await connection.fetch(
            "SELECT n, count(*) FROM entry WHERE who = $1 GROUP BY n ORDER BY n", who
        )
        equal(
            [tuple(row) for row in seen],
            [(n, 2) for n in range(1000)],
            "rows of executemany and COPY",
        )
        out = io.BytesIO()
        await connection.copy_from_query(
            "SELECT n FROM entry WHERE who = $1 ORDER BY n", who, output=out
        )
        equal(out.getvalue(), b"".join(b"%d\n%d\n" % (n, n) for n in range(1000)), "COPY out")
        await fails(
            "22P02",
            "a COPY that fails",
            connection.copy_to_table("entry", source=io.BytesIO(b"x\ty\tz\n")),
        )
        equal(await connection.fetchval("SELECT $1::int", who), who, "a query after it")

    await together(client)


async def cursors():
    async def client(connection, who):
        async with connection.transaction():
            seen = [
                tuple(row)
                async for row in connection.cursor(
                    "SELECT $1::int, i FROM generate_series(1, 400) i", who, prefetch=33
                )
            ]
            equal(seen, [(who, i) for i in range(1, 401)], "a cursor")
            cursor = await connection.cursor("SELECT i FROM generate_series(1, 100) i")
            await cursor.forward(10)
            equal([row[0] for row in await cursor.fetch(3)], [11, 12, 13], "forward and fetch")
            async with connection.transaction():
                equal(await connection.fetchval("SELECT $1::int", who), who, "a query between")
            equal((await cursor.fetchrow())[0], 14, "the cursor goes on")

    await together(client)


async def timeouts():
    """A timeout makes asyncpg cancel the query and go on with the connection."""

    async def client(connection, who):
        for _ in range(3):
            try:
                await connection.fetchval("SELECT pg_sleep(60)", timeout=1)
                raise AssertionError("a query over its timeout succeeded")
            except asyncio.TimeoutError:
                checks.checked += 1
            equal(await connection.fetchval("SELECT $1::int", who), who, "the next query")

    await together(client, count=3)


async def settings():
    async def client(who):
        connection = await asyncpg.connect(
            server_settings={
                "application_name": f"async {who}",
                "statement_timeout": f"{10001 + who}",
                "search_path": f"own{who}",
            }
        )

        async def seen():
            return [
                await connection.fetchval(f"SHOW {name}")
                for name in ("application_name", "statement_timeout", "search_path", "work_mem")
            ]

        before = [f"async {who}", f"{10001 + who}ms", f"own{who}"]
        default = (await seen())[3]
        for _ in range(5):
            equal(await seen(), [*before, default], "startup parameters")
        await connection.execute(f"SET work_mem = '{2001 + who}kB'")
        for _ in range(5):
            equal(await seen(), [*before, f"{2001 + who}kB"], "SET")
        await connection.reset()
        for _ in range(5):
            equal(await seen(), [*before, default], "RESET ALL")
        await connection.close()

    await asyncio.gather(*(client(who) for who in range(CLIENTS)))


async def notifications():
    async def client(connection, who):
        heard = asyncio.get_running_loop().create_future()
        await connection.add_listener(f"channel_{who}", lambda *event: heard.set_result(event[2:]))
        await connection.execute("SELECT pg_notify($1, $2)", f"channel_{who}", f"for {who}")
        equal(
            await asyncio.wait_for(heard, 10),
            (f"channel_{who}", f"for {who}"),
            "the own notification",
        )
        await connection.reset()

    await together(client, count=2)


async def console():
    connection = await asyncpg.connect()
    for _ in range(3):
        rows = dict(await connection.fetch("SHOW LISTS"))
        equal((rows["databases"], type(rows["pools"])), (2, int), "SHOW LISTS")
    for row in await connection.fetch("SHOW STATS"):
        equal(type(row["total_received"]), decimal.Decimal, "a numeric in binary")
    equal((await connection.fetchrow("SHOW STATE"))["key"], "active", "one row of several")
    await fails("08P01", "a wrong command", connection.fetch("SHOW nothing at all"))
    equal(await connection.execute("RELOAD"), "RELOAD", "a command")
    await connection.close()


def case(work):
    return lambda: asyncio.run(work())


main(
    {
        work.__name__: case(work)
        for work in (
            work,
            types,
            prepared,
            stale,
            batches,
            cursors,
            timeouts,
            settings,
            notifications,
            console,
        )
    }
)

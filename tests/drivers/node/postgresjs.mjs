// postgres.js: it pipelines by itself, prepares every statement and cancels on request.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import postgres from 'postgres';
import { equal, fails, main, sleep, together } from './checks.mjs';

const kClients = 12;

// `closed` counts connections that ended while the program still used them.
function open(options = {}) {
  let ending = false;
  let closed = 0;
  const sql = postgres({
    host: process.env.PGHOST,
    max: kClients,
    onclose: () => {
      closed += ending ? 0 : 1;
    },
    onnotice: () => {},
    ...options,
  });
  const end = async () => {
    equal(closed, 0, 'connections that broke');
    ending = true;
    await sql.end({ timeout: 10 });
  };
  return { sql, end };
}

async function work() {
  const { sql, end } = open();
  await sql`CREATE TABLE note (id serial PRIMARY KEY, who int NOT NULL, body text UNIQUE)`;
  await together(60, async (who) => {
    for (let round = 0; round < 5; round += 1) {
      const body = `request ${who} round ${round}`;
      const [row] = await sql`INSERT INTO note ${sql({ who, body })} RETURNING id, who, body`;
      equal([row.who, row.body], [who, body], 'INSERT RETURNING gives the own row');
      await fails(sql`INSERT INTO note ${sql({ who, body })}`, '23505', 'a duplicate key');
      const found = await sql`SELECT who, body FROM note WHERE id IN ${sql([row.id])}`;
      equal([...found], [{ who, body }], 'the row by its id');
    }
  });
  equal([...(await sql`SELECT count(*)::int AS n FROM note`)], [{ n: 300 }], 'rows in the end');
  const results = await sql.unsafe('SELECT 1 AS a; SELECT 2 AS b').simple();
  equal(
    results.map((rows) => [...rows]),
    [[{ a: 1 }], [{ b: 2 }]],
    'two statements in one',
  );
  await end();
}

async function transactions() {
  const { sql, end } = open();
  await sql`CREATE TABLE account (who int PRIMARY KEY, amount int NOT NULL CHECK (amount >= 0))`;
  await sql`INSERT INTO account SELECT i, 100 FROM generate_series(0, ${kClients * 2 - 1}::int) i`;
  await together(kClients * 2, async (who) => {
    await fails(
      sql.begin(async (tx) => {
        await tx`UPDATE account SET amount = amount + 50 WHERE who = ${who}`;
        await tx`UPDATE account SET amount = amount - 500 WHERE who = ${who}`;
      }),
      '23514',
      'a transaction that breaks a constraint',
    );
    const seen = await sql.begin(async (tx) => {
      await tx`UPDATE account SET amount = amount - 1 WHERE who = ${who}`;
      await fails(
        tx.savepoint((point) => point`UPDATE account SET amount = -1 WHERE who = ${who}`),
        '23514',
        'a savepoint that fails',
      );
      const parts = await Promise.all(
        [1, 2, 3, 4].map((n) => tx`SELECT ${n}::int AS n, amount FROM account WHERE who = ${who}`),
      );
      return parts.map(([row]) => [row.n, row.amount]);
    });
    equal(
      seen,
      [1, 2, 3, 4].map((n) => [n, 99]),
      'pipelined queries in a transaction',
    );
  });
  equal(
    [...(await sql`SELECT DISTINCT amount FROM account`)],
    [{ amount: 99 }],
    'amounts in the end',
  );
  await end();
}

// Many queries at once on one connection, some of which fail: every answer must find its question.
async function pipelines() {
  const sqls = await together(kClients, () => open({ max: 1, max_pipeline: 50 }));
  await Promise.all(
    sqls.map(({ sql }, who) =>
      together(200, async (n) => {
        if (n % 7 === 3) {
          await fails(
            sql`SELECT 1 / (${n}::int - ${n}::int) AS zero`,
            '22012',
            'a query that fails',
          );
        } else {
          equal(
            [...(await sql`SELECT ${who}::int AS who, ${n}::int AS n`)],
            [{ who, n }],
            'the own answer',
          );
        }
      }),
    ),
  );
  for (const { end } of sqls) await end();
}

async function cursors() {
  const { sql, end } = open();
  await together(kClients, async (who) => {
    let next = 1;
    await sql`SELECT ${who}::int AS who, i FROM generate_series(1, 1500) i`.cursor(100, (rows) => {
      for (const row of rows)
        equal(row, { who, i: next++ }, 'the cursor gives the own rows in order');
    });
    equal(next, 1501, 'rows of the cursor');
    let seen = 0;
    for await (const rows of sql`SELECT i FROM generate_series(1, 100000) i`.cursor(10)) {
      seen += rows.length;
      if (seen >= 30) break;
    }
    equal(seen, 30, 'a cursor left early');
    equal([...(await sql`SELECT ${who}::int AS who`)], [{ who }], 'a query after the cursor');
  });
  await end();
}

async function copy() {
  const { sql, end } = open();
  await sql`CREATE TABLE line (who int, n int)`;
  await together(kClients, async (who) => {
    const lines = Array.from({ length: 2000 }, (_, n) => `${who}\t${n}\n`);
    await pipeline(Readable.from(lines), await sql`COPY line FROM STDIN`.writable());
  });
  await together(kClients, async (who) => {
    let text = '';
    const out =
      await sql`COPY (SELECT n FROM line WHERE who = ${sql.unsafe(String(who))} ORDER BY n)
        TO STDOUT`.readable();
    for await (const part of out) text += part;
    equal(
      text,
      Array.from({ length: 2000 }, (_, n) => `${n}\n`).join(''),
      'COPY out gives what went in',
    );
  });
  await end();
}

// Two queries are cancelled while they run; the connections that watch them must not notice.
async function cancel() {
  const { sql, end } = open({ max: 2 });
  const watching = open({ max: 2 });
  const running = async (who) =>
    (
      await watching.sql.unsafe(
        `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%slow ${who} %'
      AND pid <> pg_backend_pid()`,
      )
    ).length === 1;
  await together(2, async (who) => {
    for (let turn = 0; turn < 3; turn += 1) {
      const slow = sql.unsafe(`SELECT pg_sleep(60) /* slow ${who} */`).execute();
      while (!(await running(who))) await sleep(50);
      slow.cancel();
      await fails(slow, '57014', 'a cancelled query');
      equal(
        [...(await sql`SELECT ${who}::int AS who`)],
        [{ who }],
        'a query after the cancelled one',
      );
    }
  });
  await end();
  await watching.end();
}

async function settings() {
  const opened = await together(kClients, (who) =>
    open({
      max: 1,
      connection: { application_name: `js ${who}`, statement_timeout: 20000 + who },
    }),
  );
  await Promise.all(
    opened.map(async ({ sql }, who) => {
      for (let round = 0; round < 5; round += 1) {
        equal(
          (await sql`SHOW application_name`)[0].application_name,
          `js ${who}`,
          'application_name of the client',
        );
        equal(
          (await sql`SHOW statement_timeout`)[0].statement_timeout,
          who ? `${20000 + who}ms` : '20s',
          'statement_timeout of the client',
        );
      }
      await sql`SELECT set_config('weir.who', ${`${who}`}, false)`;
      for (let round = 0; round < 5; round += 1) {
        equal(
          (await sql`SELECT current_setting('weir.who') AS v`)[0].v,
          `${who}`,
          'set_config stays with the client',
        );
      }
    }),
  );
  for (const { end } of opened) await end();
}

async function listen() {
  const { sql, end } = open();
  const heard = new Map();
  await together(4, (who) => sql.listen(`channel_${who}`, (text) => heard.set(text, who)));
  await together(4, (who) => sql.notify(`channel_${who}`, `message ${who}`));
  for (let wait = 0; heard.size < 4 && wait < 100; wait += 1) await sleep(50);
  equal(
    [...heard].sort(),
    [0, 1, 2, 3].map((who) => [`message ${who}`, who]),
    'every notification at its listener',
  );
  await end();
}

await main({ work, transactions, pipelines, cursors, copy, cancel, settings, listen });

// node-postgres: its pool, named statements, cursors, COPY streams and timeouts.
import { finished, pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { equal, fails, holds, main, together } from './checks.mjs';
import { closePool, openPool } from './pool.mjs';

const kRequests = 60;

async function withClient(pool, work) {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

async function oneRequest(pool, who, round) {
  const name = `request ${who} round ${round}`;
  const inserted = await pool.query(
    'INSERT INTO note (who, round, body) VALUES ($1, $2, $3) RETURNING id, body',
    [who, round, name],
  );
  equal(inserted.rows[0].body, name, 'INSERT RETURNING gives the own row');
  const id = inserted.rows[0].id;
  await withClient(pool, async (client) => {
    await client.query('BEGIN');
    await client.query('UPDATE note SET body = $1 WHERE id = $2', ['rolled back', id]);
    await fails(
      client.query('INSERT INTO note (id, who, round) VALUES ($1, 0, 0)', [id]),
      '23505',
      'a duplicate key',
    );
    await fails(client.query('SELECT 1'), '25P02', 'a query in a failed transaction');
    await client.query('ROLLBACK');
    const { rows } = await client.query({
      name: 'note_by_id',
      text: 'SELECT who, round, body FROM note WHERE id = $1',
      values: [id],
    });
    equal(rows, [{ who, round, body: name }], 'the row after ROLLBACK');
  });
}

async function work() {
  const pool = openPool();
  await pool.query(`CREATE TABLE note (id serial PRIMARY KEY, who int NOT NULL, round int NOT NULL,
    body text)`);
  await together(kRequests, async (who) => {
    for (let round = 0; round < 5; round += 1) await oneRequest(pool, who, round);
  });
  const { rows } = await pool.query(
    'SELECT count(*)::int AS n, count(DISTINCT who)::int AS w FROM note',
  );
  equal(rows, [{ n: kRequests * 5, w: kRequests }], 'rows in the end');
  const many = await pool.query(`SELECT 1 AS a; SELECT 'x' AS b, 2 AS c`);
  equal(
    many.map((result) => result.rows),
    [[{ a: 1 }], [{ b: 'x', c: 2 }]],
    'two statements in one',
  );
  await closePool(pool);
}

async function types() {
  const pool = openPool({ max: 10 });
  const text = 'Grüße, \u{1F427} 水; \'"\\$1';
  const bytes = Buffer.from(Array.from({ length: 70000 }, (_, i) => i % 256));
  await together(30, async (who) => {
    const { rows } = await pool.query(
      `SELECT $1::text AS t, $2::bytea AS b, $3::int[] AS a, $4::jsonb AS j, $5::timestamptz AS d,
        $6::text AS n, $7::int8 AS l`,
      [
        text,
        bytes,
        [who, null, 3],
        { who, deep: [1, { x: null }] },
        new Date(86400000),
        null,
        '9223372036854775807',
      ],
    );
    equal(
      rows,
      [
        {
          t: text,
          b: bytes,
          a: [who, null, 3],
          j: { who, deep: [1, { x: null }] },
          d: new Date(86400000),
          n: null,
          l: '9223372036854775807',
        },
      ],
      'every type comes back as it went',
    );
    const big = await pool.query('SELECT $1::int AS who, repeat($2, 300000) AS s', [
      who,
      String(who % 10),
    ]);
    equal(big.rows[0], { who, s: String(who % 10).repeat(300000) }, 'a wide row');
  });
  await closePool(pool);
}

async function prepared() {
  const pool = openPool({ max: 12 });
  const clients = await together(12, () => pool.connect());
  for (let round = 0; round < 6; round += 1) {
    await Promise.all(
      clients.map(async (client, who) => {
        const own = await client.query({
          name: 'same',
          text: `SELECT ${who} AS who, $1::int AS r`,
          values: [round],
        });
        equal(own.rows, [{ who, r: round }], 'one name, another text in every client');
        const shared = await client.query({
          name: `own_${who}`,
          text: 'SELECT $1::text AS v',
          values: [`${who}`],
        });
        equal(shared.rows, [{ v: `${who}` }], 'one text, another name in every client');
      }),
    );
  }
  await Promise.all(
    clients.map(async (client, who) => {
      for (let n = 0; n < 300; n += 1) {
        const { rows } = await client.query({
          name: `many_${n}`,
          text: `SELECT ${n} + $1::int AS v`,
          values: [who],
        });
        equal(rows, [{ v: n + who }], 'more statements than a server keeps');
      }
      await fails(
        client.query({ name: 'bad', text: 'SELECT no_such_column', values: [] }),
        '42703',
        'a bad statement',
      );
      const again = await client.query({
        name: 'many_0',
        text: 'SELECT 0 + $1::int AS v',
        values: [7],
      });
      equal(again.rows, [{ v: 7 }], 'a statement that was long not used');
    }),
  );
  clients.forEach((client) => client.release());
  await closePool(pool);
}

// query_timeout knows queries only: node-postgres 8.13 would fail on a cursor or a COPY after it.
async function cursor() {
  const pool = openPool({ max: 10, query_timeout: 0 });
  await together(10, (who) =>
    withClient(pool, async (client) => {
      const rows = client.query(
        new Cursor('SELECT $1::int AS who, i FROM generate_series(1, 2000) i', [who]),
      );
      let next = 1;
      for (let part = await rows.read(150); part.length > 0; part = await rows.read(150)) {
        for (const row of part)
          equal(row, { who, i: next++ }, 'the cursor gives the own rows in order');
      }
      equal(next, 2001, 'rows of the cursor');
      await rows.close();
      await client.query('BEGIN');
      const early = client.query(new Cursor('SELECT i FROM generate_series(1, 100000) i'));
      equal(
        (await early.read(2)).map((row) => row.i),
        [1, 2],
        'the first rows',
      );
      await early.close();
      equal(
        (await client.query('SELECT $1::int AS who', [who])).rows,
        [{ who }],
        'a query after the cursor',
      );
      await client.query('COMMIT');
      const broken = client.query(new Cursor('SELECT 1 / (i - 5) FROM generate_series(1, 10) i'));
      await fails(broken.read(100), '22012', 'a cursor that fails');
      await broken.close();
      equal(
        (await client.query('SELECT 1 AS one')).rows,
        [{ one: 1 }],
        'a query after the failed cursor',
      );
    }),
  );
  await closePool(pool);
}

async function copy() {
  const pool = openPool({ max: 10, query_timeout: 0 });
  await pool.query('CREATE TABLE line (who int, n int, body text)');
  await together(10, (who) =>
    withClient(pool, async (client) => {
      const lines = Array.from({ length: 3000 }, (_, n) => `${who}\t${n}\tline ${n} of ${who}\n`);
      await pipeline(Readable.from(lines), client.query(copyFrom('COPY line FROM STDIN')));
      const out = client.query(
        copyTo(`COPY (SELECT * FROM line WHERE who = ${who} ORDER BY n) TO STDOUT`),
      );
      let text = '';
      out.on('data', (part) => {
        text += part;
      });
      await finished(out);
      equal(text, lines.join(''), 'COPY out gives what went in');
      await fails(
        pipeline(
          Readable.from(['not a number\t1\tx\n']),
          client.query(copyFrom('COPY line FROM STDIN')),
        ),
        '22P02',
        'COPY of a bad line',
      );
      equal(
        (await client.query('SELECT count(*)::int AS n FROM line WHERE who = $1', [who])).rows,
        [{ n: 3000 }],
        'a query after the failed COPY',
      );
    }),
  );
  await closePool(pool);
}

// query_timeout gives the caller an error and leaves the connection to finish the query.
async function timeout() {
  const pool = openPool({ max: 10 });
  await together(6, (who) =>
    withClient(pool, async (client) => {
      const slow = client.query({ text: 'SELECT pg_sleep(0.8)', query_timeout: 300 });
      const error = await slow.then(
        () => null,
        (reason) => reason,
      );
      equal(error?.message, 'Query read timeout', 'a query that is too slow for query_timeout');
      equal((await client.query('SELECT $1::int AS who', [who])).rows, [{ who }], 'the next query');
    }),
  );
  await closePool(pool);
}

async function settings() {
  const names = Array.from({ length: 10 }, (_, who) => `application ${who}`);
  const pools = names.map((name, who) =>
    openPool({
      max: 2,
      application_name: name,
      statement_timeout: 30000 + who,
      options: `-c geqo_threshold=${20 + who}`,
    }),
  );
  const show = async (client, name) =>
    Object.values((await client.query(`SHOW ${name}`)).rows[0])[0];
  await Promise.all(
    pools.map((pool, who) =>
      together(2, () =>
        withClient(pool, async (client) => {
          for (let round = 0; round < 5; round += 1) {
            equal(
              await show(client, 'application_name'),
              names[who],
              'application_name of the client',
            );
            equal(
              await show(client, 'statement_timeout'),
              who ? `${30000 + who}ms` : '30s',
              'statement_timeout of the client',
            );
            equal(
              await show(client, 'geqo_threshold'),
              `${20 + who}`,
              'a startup option of the client',
            );
          }
          await client.query(`SET work_mem = '${1000 + who}kB'`);
          for (let round = 0; round < 5; round += 1) {
            equal(await show(client, 'work_mem'), `${1000 + who}kB`, 'SET stays with the client');
          }
          await client.query('SET statement_timeout = 200');
          await fails(
            client.query('SELECT pg_sleep(5)'),
            '57014',
            'a query over statement_timeout',
          );
          await client.query('RESET statement_timeout');
          equal(
            await show(client, 'statement_timeout'),
            who ? `${30000 + who}ms` : '30s',
            'RESET gives the startup value',
          );
        }),
      ),
    ),
  );
  for (const pool of pools) await closePool(pool);
  holds(
    pools.every((pool) => pool.totalCount === 0),
    'all connections closed',
  );
}

async function console_() {
  const client = new pg.Client();
  await client.connect();
  for (let i = 0; i < 3; i += 1) {
    const { rows } = await client.query({ name: 'lists', text: 'SHOW LISTS' });
    equal(rows.find((row) => row.list === 'databases').items, 2, 'SHOW LISTS');
  }
  const cursor = client.query(new Cursor('SHOW CONFIG'));
  equal((await cursor.read(5)).length, 5, 'five rows of many');
  await cursor.close();
  await fails(client.query('SHOW nothing at all', []), '08P01', 'a wrong command');
  equal((await client.query({ text: 'RELOAD', values: [] })).command, 'RELOAD', 'a command');
  await client.end();
}

await main({ work, types, prepared, cursor, copy, timeout, settings, console: console_ });

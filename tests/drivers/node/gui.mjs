// What pgAdmin and DBeaver ask at their start, by node-postgres: several at once on few servers,
// simple and extended, and each keeps the settings that it has made.
import { readFileSync } from 'node:fs';
import { equal, main, together } from './checks.mjs';
import { closePool, openPool } from './pool.mjs';

const kSettings = {
  pgadmin: { bytea_output: 'hex', client_min_messages: 'notice', datestyle: 'ISO, MDY' },
  dbeaver: { extra_float_digits: '3', search_path: 'public, pg_catalog' },
};
const kOthers = {
  bytea_output: 'escape',
  client_min_messages: 'error',
  extra_float_digits: '0',
  search_path: 'pg_catalog',
};
const kClients = 6;

function statements(name) {
  const text = readFileSync(new URL(`../gui/${name}.sql`, import.meta.url), 'utf8');
  return text
    .replace(/^--.*\n/gm, '')
    .split(/;\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function start(pool, name, who) {
  const client = await pool.connect();
  try {
    for (const [setting, value] of Object.entries(kOthers)) {
      await client.query(`SET ${setting} = ${value}`);
    }
    for (const text of statements(name)) {
      // A query with a name goes as Parse, Bind and Execute.
      await client.query(who % 2 === 0 ? text : { name: text.slice(0, 60), text });
    }
    for (const [setting, value] of Object.entries(kSettings[name])) {
      const { rows } = await client.query(`SHOW ${setting}`);
      equal(Object.values(rows[0]), [value], setting);
    }
  } finally {
    client.release();
  }
}

function gui(name) {
  return async () => {
    const pool = openPool();
    await together(kClients, (who) => start(pool, name, who));
    await closePool(pool);
  };
}

await main({ pgadmin: gui('pgadmin'), dbeaver: gui('dbeaver') });

// The node-postgres pool as the first users configure it, with a count of connections that broke.
import pg from 'pg';
import { equal } from './checks.mjs';

export function openPool(options = {}) {
  const pool = new pg.Pool({ max: 20, statement_timeout: 30000, query_timeout: 30000, ...options });
  pool.broken = [];
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', (error) => pool.broken.push(error.message)));
  return pool;
}

export async function closePool(pool) {
  await pool.end();
  equal(pool.broken, [], 'connections that broke');
}

// Drizzle ORM on node-postgres, configured and used as a web application does.
import { eq, and, inArray, gt, sql, desc, count } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { boolean, integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import { equal, fails, holds, main, together } from './checks.mjs';
import { closePool, openPool } from './pool.mjs';

const kRequests = 60;
const kBatch = 500;

const users = pgTable('users', {
  id: serial('id').primaryKey(),
  email: text('email').notNull().unique(),
  active: boolean('active').notNull().default(true),
  profile: jsonb('profile'),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});

const orders = pgTable('orders', {
  id: serial('id').primaryKey(),
  userId: integer('user_id')
    .notNull()
    .references(() => users.id),
  amount: integer('amount').notNull(),
});

async function open() {
  const pool = openPool();
  await pool.query(`
    CREATE TABLE IF NOT EXISTS users (id serial PRIMARY KEY, email text NOT NULL UNIQUE,
      active boolean NOT NULL DEFAULT true, profile jsonb,
      created_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY,
      user_id int NOT NULL REFERENCES users (id), amount int NOT NULL);`);
  return { pool, db: drizzle(pool, { schema: { users, orders } }) };
}

async function handleRequest(db, who) {
  const email = `user${who}@example.org`;
  const [user] = await db
    .insert(users)
    .values({ email, profile: { who, tags: ['a', 'b'] } })
    .returning();
  equal(
    [user.email, user.active, user.profile],
    [email, true, { who, tags: ['a', 'b'] }],
    'insert returning',
  );
  holds(user.createdAt instanceof Date, 'a timestamp is a Date');

  const inserted = await db
    .insert(orders)
    .values([10, 20, 30].map((amount) => ({ userId: user.id, amount: amount + who })))
    .returning({ id: orders.id });
  equal(inserted.length, 3, 'orders inserted');
  const found = await db
    .select()
    .from(orders)
    .where(
      inArray(
        orders.id,
        inserted.map((row) => row.id),
      ),
    )
    .orderBy(orders.amount);
  equal(
    found.map((row) => [row.userId, row.amount]),
    [10, 20, 30].map((amount) => [user.id, amount + who]),
    'inArray',
  );

  const updated = await db
    .update(orders)
    .set({ amount: sql`${orders.amount} * 2` })
    .where(and(eq(orders.userId, user.id), gt(orders.amount, 10 + who)))
    .returning();
  equal(
    updated.map((row) => row.amount).sort((a, b) => a - b),
    [2 * (20 + who), 2 * (30 + who)],
    'update returning',
  );
  const joined = await db
    .select({ email: users.email, orders: count(orders.id) })
    .from(users)
    .innerJoin(orders, eq(orders.userId, users.id))
    .where(eq(users.id, user.id))
    .groupBy(users.email);
  equal(joined, [{ email, orders: 3 }], 'join with a count');
  await fails(db.insert(users).values({ email }), '23505', 'a duplicate email');
}

async function requests() {
  const { pool, db } = await open();
  await together(kRequests, (who) => handleRequest(db, who));
  equal(await db.$count(orders), kRequests * 3, 'orders in the end');
  const top = await db
    .select({ amount: orders.amount })
    .from(orders)
    .orderBy(desc(orders.amount))
    .limit(1);
  equal(top, [{ amount: 2 * (30 + kRequests - 1) }], 'the largest order');
  await closePool(pool);
}

async function batches() {
  const { pool, db } = await open();
  await together(10, async (who) => {
    const values = Array.from({ length: kBatch }, (_, n) => ({
      email: `${who}.${n}@example.org`,
      profile: { n },
    }));
    const rows = await db
      .insert(users)
      .values(values)
      .returning({ id: users.id, email: users.email });
    equal(
      rows.map((row) => row.email),
      values.map((row) => row.email),
      'a batch comes back in order',
    );
    const back = await db
      .select({ profile: users.profile })
      .from(users)
      .where(
        inArray(
          users.id,
          rows.map((row) => row.id),
        ),
      )
      .orderBy(users.id);
    equal(
      back.map((row) => row.profile.n),
      values.map((_, n) => n),
      `${kBatch} ids in one query`,
    );
    await db
      .insert(users)
      .values(values)
      .onConflictDoUpdate({ target: users.email, set: { active: false } });
    const removed = await db
      .delete(users)
      .where(
        and(
          inArray(
            users.id,
            rows.map((row) => row.id),
          ),
          eq(users.active, false),
        ),
      )
      .returning({ id: users.id });
    equal(removed.length, kBatch, 'rows deleted');
  });
  equal(await db.$count(users), 0, 'users in the end');
  await closePool(pool);
}

async function transactions() {
  const { pool, db } = await open();
  await together(kRequests, async (who) => {
    const email = `tx${who}@example.org`;
    await fails(
      db.transaction(async (tx) => {
        await tx.insert(users).values({ email });
        throw Object.assign(new Error('the application gives up'), { code: 'GIVEN UP' });
      }),
      'GIVEN UP',
      'a transaction that the application leaves',
    );
    equal(await db.select().from(users).where(eq(users.email, email)), [], 'nothing left of it');
    const id = await db.transaction(
      async (tx) => {
        const [user] = await tx.insert(users).values({ email }).returning({ id: users.id });
        await fails(
          tx.transaction(async (inner) => {
            await inner.insert(orders).values({ userId: user.id, amount: 1 });
            await inner.insert(users).values({ email });
          }),
          '23505',
          'a nested transaction that fails',
        );
        await tx.insert(orders).values({ userId: user.id, amount: who });
        return user.id;
      },
      { isolationLevel: 'repeatable read' },
    );
    const rows = await db.query.orders.findMany({ where: eq(orders.userId, id) });
    equal(
      rows.map((row) => row.amount),
      [who],
      'the order of the outer transaction alone',
    );
  });
  equal(await db.$count(orders), kRequests, 'orders in the end');
  await closePool(pool);
}

async function prepared() {
  const { pool, db } = await open();
  await db
    .insert(users)
    .values(Array.from({ length: 50 }, (_, n) => ({ email: `p${n}@example.org` })));
  const byEmail = db
    .select({ email: users.email })
    .from(users)
    .where(eq(users.email, sql.placeholder('email')))
    .prepare('user_by_email');
  await together(kRequests, async (who) => {
    for (let round = 0; round < 10; round += 1) {
      const email = `p${(who + round) % 50}@example.org`;
      equal(await byEmail.execute({ email }), [{ email }], 'a prepared query');
    }
  });
  await closePool(pool);
}

await main({ requests, batches, transactions, prepared });

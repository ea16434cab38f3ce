// What every Node.js program here shares: checks that count, concurrency, and the choice of a case.
// A program runs the case that its first argument names and ends with "ok N checks".
import assert from 'node:assert/strict';

let checks = 0;

export function equal(actual, expected, what) {
  assert.deepEqual(actual, expected, what);
  checks += 1;
}

export function holds(condition, what) {
  assert.ok(condition, what);
  checks += 1;
}

export async function fails(promise, sqlstate, what) {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error, `${what}: succeeded, expected ${sqlstate}`);
  const code = error.code ?? error.cause?.code;
  assert.equal(code, sqlstate, `${what}: ${error.message}`);
  checks += 1;
  return error;
}

export function together(count, work) {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export async function main(cases) {
  const name = process.argv[2];
  if (!Object.hasOwn(cases, name)) throw new Error(`no case ${name}`);
  await cases[name]();
  assert.ok(checks > 0, 'the case checked nothing');
  console.log(`ok ${checks} checks`);
}

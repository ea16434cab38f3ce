\set ON_ERROR_STOP on
\set VERBOSITY sqlstate
SELECT :who, 'simple';
SELECT :who AS a \; SELECT 'two' AS b;
SELECT $1::int + $2::int, $3 \bind :who 1000 'bound' \g
SELECT :who * 2 AS doubled, 'set' AS word \gset
SELECT :doubled, :'word';
SELECT format('SELECT %s, %L', i * :who, 'gexec') FROM generate_series(1, 3) i \gexec
\copy line (n, body) from 'lines.tsv'
UPDATE line SET who = :who WHERE n / 1000 = :who;
SELECT count(*), min(n), max(n) FROM line WHERE who = :who;
\set copy_out '\\copy (SELECT body FROM line WHERE who = ' :who ' ORDER BY n LIMIT 3) to pstdout'
:copy_out
COPY (SELECT n FROM line WHERE who = :who ORDER BY n LIMIT 2) TO STDOUT;
\set FETCH_COUNT 100
SELECT n FROM line WHERE who = :who ORDER BY n OFFSET 495;
\unset FETCH_COUNT
\set ON_ERROR_STOP off
SELECT 1 / (:who - :who);
SELECT :who, :'LAST_ERROR_SQLSTATE';
\copy line (n) from 'broken.tsv'
SELECT :who, :'LAST_ERROR_SQLSTATE';
SELECT $1::int \bind not_a_number \g
SELECT :who, :'LAST_ERROR_SQLSTATE';
\set ON_ERROR_ROLLBACK on
BEGIN;
UPDATE line SET body = 'changed' WHERE n = :who * 1000;
SELECT no_such_column FROM line;
SELECT body FROM line WHERE n = :who * 1000;
ROLLBACK;
SELECT body FROM line WHERE n = :who * 1000;
\set ON_ERROR_STOP on
DO $$ BEGIN RAISE WARNING 'a warning'; END $$;
SELECT :who, 'watched' \watch count=2 interval=0.05
BEGIN;
DECLARE walk CURSOR FOR SELECT n FROM line WHERE who = :who ORDER BY n;
FETCH 2 FROM walk;
MOVE 3 IN walk;
FETCH 1 FROM walk;
COMMIT;
SELECT length(repeat('x', 3000000 + :who));

\set id random(1, 100000)
\set delta random(1, 100)
\startpipeline
SELECT abalance FROM pgbench_accounts WHERE aid = :id;
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :id;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :id, :delta, now());
COMMIT;
\syncpipeline
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = 1 + :client_id % 10;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = 1;
SELECT repeat('x', 20000);
\endpipeline

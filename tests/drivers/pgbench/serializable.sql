\set id random(1, 20)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT sum(abalance) FROM pgbench_accounts WHERE aid <= 20;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :id;
END;

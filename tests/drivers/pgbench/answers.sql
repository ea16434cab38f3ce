-- Every answer must be the one to the own question; a wrong one ends the run with an error.
\set question random(1, 1000000)
SELECT :question::int + :client_id::int AS answer, :client_id::int AS who \gset
\if :answer <> :question + :client_id or :who <> :client_id
  wrong_answer;
\endif
BEGIN;
SELECT pg_backend_pid() AS first_pid \gset
UPDATE pgbench_tellers SET tbalance = tbalance WHERE tid = 1 + :client_id % 10;
SELECT pg_backend_pid() AS second_pid, :question::int AS answer \gset
END;
\if :first_pid <> :second_pid or :answer <> :question
  wrong_answer;
\endif

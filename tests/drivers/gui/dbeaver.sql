-- What DBeaver asks when it connects and fills its navigator. Each has an answer.
SET extra_float_digits = 3;
SET application_name = 'DBeaver - Main';
SELECT current_database(), current_schema(), session_user;
SHOW search_path;
SELECT version();
SELECT current_setting('server_version_num');
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0
 ORDER BY nspname;
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate
 ORDER BY db.datname;
SELECT typcategory FROM pg_catalog.pg_type WHERE 1 <> 1 LIMIT 1;
SELECT t.oid, t.typname, t.typtype, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod)
  FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
 WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') ORDER BY t.typname;
SELECT string_agg(word, ',') FROM pg_catalog.pg_get_keywords() WHERE catcode <> 'U';
SELECT * FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings';
SHOW transaction_isolation;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET search_path = public, pg_catalog;
BEGIN;
SAVEPOINT before_edit;
SELECT 'edited';
RELEASE SAVEPOINT before_edit;
ROLLBACK;

-- What pgAdmin 4 asks when it opens a server and its tree, and a query tool. Each has an answer.
SET DateStyle=ISO;
SET client_min_messages=notice;
SELECT set_config('bytea_output', 'hex', false) FROM pg_show_all_settings()
 WHERE name = 'bytea_output';
SET client_encoding='UTF8';
SELECT version();
SELECT db.oid AS did, db.datname, db.datallowconn, pg_encoding_to_char(db.encoding) AS encoding,
       has_database_privilege(db.oid, 'CREATE') AS cancreate, datistemplate
  FROM pg_catalog.pg_database db WHERE db.datname = current_database();
SELECT roles.oid, roles.rolname, roles.rolsuper, roles.rolcreaterole, roles.rolcreatedb,
       (WITH RECURSIVE cte AS (
          SELECT oid FROM pg_roles WHERE rolname = current_user
          UNION ALL
          SELECT m.roleid FROM cte JOIN pg_auth_members m ON m.member = cte.oid)
        SELECT count(*) FROM cte) AS memberships
  FROM pg_catalog.pg_roles roles WHERE rolname = current_user;
SELECT gss_authenticated, encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_backend_pid();
SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('server_version_num', 'port');
SELECT db.oid, db.datname, ta.spcname, has_database_privilege(db.oid, 'CONNECT'),
       shobj_description(db.oid, 'pg_database')
  FROM pg_catalog.pg_database db LEFT JOIN pg_catalog.pg_tablespace ta ON db.dattablespace = ta.oid
 WHERE db.datallowconn ORDER BY datname;
SELECT nsp.oid, nsp.nspname, has_schema_privilege(nsp.oid, 'USAGE')
  FROM pg_catalog.pg_namespace nsp WHERE nspname NOT LIKE 'pg!_%' ESCAPE '!' ORDER BY nspname;
SELECT rel.oid, rel.relname, (SELECT count(*) FROM pg_trigger WHERE tgrelid = rel.oid) AS triggers
  FROM pg_catalog.pg_class rel WHERE rel.relkind IN ('r', 's', 't', 'p') ORDER BY rel.relname;
SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database();
SELECT rolname AS refname FROM pg_catalog.pg_roles WHERE rolcanlogin ORDER BY 1;
BEGIN;
SELECT 'in the query tool';
COMMIT;

-- Tables with columns whose statistics pg_stats hides from this user.
SELECT n.nspname AS schema, c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
ORDER BY 1, 2

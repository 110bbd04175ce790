SELECT d.datname AS name, pg_database_size(d.oid) AS bytes
FROM pg_database d
WHERE has_database_privilege(d.oid, 'CONNECT')
   OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
ORDER BY d.datname

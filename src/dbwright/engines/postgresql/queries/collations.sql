SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name,
       c.collprovider::text AS provider, c.collversion AS version,
       CASE WHEN c.collversion IS NOT NULL THEN pg_collation_actual_version(c.oid)
       END AS actual_version
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
ORDER BY n.nspname, c.collname, c.collencoding

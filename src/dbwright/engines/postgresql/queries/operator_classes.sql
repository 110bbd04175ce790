SELECT o.oid::int8 AS oid, n.nspname AS schema, o.opcname AS name, o.opcdefault AS "default"
FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace

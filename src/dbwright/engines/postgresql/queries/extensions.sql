SELECT x.extname AS name, x.extversion AS version, n.nspname AS schema,
       a.default_version AS available_version, pg_get_userbyid(x.extowner) AS owner
FROM pg_extension x
JOIN pg_namespace n ON n.oid = x.extnamespace
LEFT JOIN pg_available_extensions a ON a.name = x.extname
ORDER BY x.extname

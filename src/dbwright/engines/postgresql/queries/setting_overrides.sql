SELECT r.rolname AS role, d.datname AS database, s.setconfig AS settings
FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole
LEFT JOIN pg_database d ON d.oid = s.setdatabase
ORDER BY r.rolname NULLS FIRST, d.datname NULLS FIRST

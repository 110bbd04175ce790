SELECT m.srvid::int8 AS server, m.usename AS role, m.umoptions AS options
FROM pg_user_mappings m ORDER BY m.srvname, m.usename

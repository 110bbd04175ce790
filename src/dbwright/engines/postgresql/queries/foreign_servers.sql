SELECT s.oid::int8 AS oid, s.srvname AS name, w.fdwname AS wrapper,
       pg_get_userbyid(s.srvowner) AS owner, s.srvoptions AS options,
       coalesce(s.srvacl, acldefault('S', s.srvowner))::text[] AS acl,
       s.srvtype AS type, s.srvversion AS version,
       obj_description(s.oid, 'pg_foreign_server') AS comment
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
ORDER BY s.srvname

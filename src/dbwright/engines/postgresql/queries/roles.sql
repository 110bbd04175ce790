SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcreaterole AS create_role,
       r.rolcreatedb AS create_database, r.rolinherit AS inherit, r.rolcanlogin AS login,
       r.rolreplication AS replication, r.rolbypassrls AS bypass_rls,
       nullif(r.rolconnlimit, -1) AS connection_limit,
       CASE WHEN isfinite(r.rolvaliduntil) THEN r.rolvaliduntil END AS valid_until,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
             WHERE m.member = r.oid ORDER BY 1) AS member_of,
       d.description AS comment
FROM pg_roles r
LEFT JOIN pg_shdescription d ON d.objoid = r.oid AND d.classoid = 'pg_authid'::regclass
ORDER BY r.rolname

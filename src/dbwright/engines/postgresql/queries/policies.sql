SELECT p.polrelid::int8 AS relation, p.polname AS name, p.polcmd::text AS command,
       p.polpermissive AS permissive,
       ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END
             FROM unnest(p.polroles) r ORDER BY 1)::text[] AS roles,
       p.polqual IS NOT NULL AS has_using, p.polwithcheck IS NOT NULL AS has_check,
       CASE WHEN {{ readable("p.polrelid") }} THEN pg_get_expr(p.polqual, p.polrelid) END AS "using",
       CASE WHEN {{ readable("p.polrelid") }}
            THEN pg_get_expr(p.polwithcheck, p.polrelid) END AS "check",
       d.description AS comment
FROM pg_policy p
LEFT JOIN pg_description d
       ON d.objoid = p.oid AND d.classoid = 'pg_policy'::regclass AND d.objsubid = 0
ORDER BY p.polrelid, p.polname

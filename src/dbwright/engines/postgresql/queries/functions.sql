SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name,
       pg_get_function_identity_arguments(p.oid) AS arguments,
       pg_get_userbyid(p.proowner) AS owner, p.prokind::text AS kind, l.lanname AS language,
       coalesce(pg_get_function_result(p.oid), '') AS returns,
       p.provolatile::text AS volatility, p.proparallel::text AS parallel,
       p.proisstrict AS strict, p.proleakproof AS leakproof, p.prosecdef AS security_definer,
       p.proconfig AS settings,
       CASE WHEN l.lanname IN ('c', 'internal') THEN '' ELSE p.prosrc END AS source,
       pg_get_function_arguments(p.oid) AS declared_arguments,
       {% if v >= 14 -%}
       -- It names relations, which has to lock them.
       CASE WHEN p.prosqlbody IS NOT NULL AND {{ readable("0::oid") }}
            THEN pg_get_function_sqlbody(p.oid) END
       {%- else %}NULL::text{% endif %} AS sql_body,
       p.procost::float8 AS cost, p.prorows::float8 AS result_rows,
       coalesce(p.proacl, acldefault('f', p.proowner))::text[] AS acl,
       d.description AS comment
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i')
LEFT JOIN pg_description d
       ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND e.objid IS NULL
ORDER BY n.nspname, p.proname, 4

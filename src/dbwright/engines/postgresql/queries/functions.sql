{%- macro modify(letter) -%}
CASE {{ letter }} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END
{%- endmacro %}
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
       d.description AS comment,
       -- What has no column of its own here; the last is not for aggregates.
       CASE WHEN p.prokind <> 'a' AND (l.lanname IN ('c', 'internal')
                 OR p.prosupport <> 0 OR p.protrftypes IS NOT NULL)
                 AND {{ readable("0::oid") }}
            THEN pg_get_functiondef(p.oid) END AS definition,
       CASE WHEN p.prokind = 'a' THEN
           (SELECT array_agg(o.name || '=' || o.value ORDER BY o.n)
            FROM pg_aggregate g CROSS JOIN LATERAL (VALUES
                (1, 'SFUNC', g.aggtransfn::oid::regproc::text),
                (2, 'STYPE', format_type(g.aggtranstype, NULL)),
                (3, 'SSPACE', nullif(g.aggtransspace, 0)::text),
                (4, 'FINALFUNC', nullif(g.aggfinalfn::oid, 0)::regproc::text),
                (5, 'FINALFUNC_EXTRA', CASE WHEN g.aggfinalextra THEN 'true' END),
                (6, 'FINALFUNC_MODIFY', {{ modify("g.aggfinalmodify") }}),
                (7, 'COMBINEFUNC', nullif(g.aggcombinefn::oid, 0)::regproc::text),
                (8, 'SERIALFUNC', nullif(g.aggserialfn::oid, 0)::regproc::text),
                (9, 'DESERIALFUNC', nullif(g.aggdeserialfn::oid, 0)::regproc::text),
                (10, 'INITCOND', quote_literal(g.agginitval)),
                (11, 'MSFUNC', nullif(g.aggmtransfn::oid, 0)::regproc::text),
                (12, 'MINVFUNC', nullif(g.aggminvtransfn::oid, 0)::regproc::text),
                (13, 'MSTYPE', CASE WHEN g.aggmtranstype <> 0
                                    THEN format_type(g.aggmtranstype, NULL) END),
                (14, 'MSSPACE', nullif(g.aggmtransspace, 0)::text),
                (15, 'MFINALFUNC', nullif(g.aggmfinalfn::oid, 0)::regproc::text),
                (16, 'MFINALFUNC_EXTRA', CASE WHEN g.aggmfinalextra THEN 'true' END),
                (17, 'MFINALFUNC_MODIFY', CASE WHEN g.aggmtransfn::oid <> 0
                                               THEN {{ modify("g.aggmfinalmodify") }} END),
                (18, 'MINITCOND', quote_literal(g.aggminitval)),
                (19, 'SORTOP', (SELECT format('OPERATOR(%I.%s)', so.nspname, op.oprname)
                                FROM pg_operator op JOIN pg_namespace so ON so.oid = op.oprnamespace
                                WHERE op.oid = g.aggsortop)),
                (20, 'HYPOTHETICAL', CASE WHEN g.aggkind = 'h' THEN 'true' END)
            ) o (n, name, value)
            WHERE g.aggfnoid = p.oid AND o.value IS NOT NULL)
       END AS aggregate
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i')
LEFT JOIN pg_description d
       ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND e.objid IS NULL
ORDER BY n.nspname, p.proname, 4

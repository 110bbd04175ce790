SELECT r.ev_class::int8 AS relation, r.rulename AS name, r.ev_type::text AS event,
       r.is_instead AS instead, r.ev_enabled::text AS enabled,
       -- It opens every relation that the rule names.
       CASE WHEN {{ readable("r.ev_class") }} AND NOT EXISTS (
                SELECT FROM pg_depend p WHERE p.classid = 'pg_rewrite'::regclass AND p.objid = r.oid
                AND p.refclassid = 'pg_class'::regclass AND NOT {{ readable("p.refobjid") }})
            THEN pg_get_ruledef(r.oid) END AS definition,
       d.description AS comment
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d
       ON d.objoid = r.oid AND d.classoid = 'pg_rewrite'::regclass AND d.objsubid = 0
WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY r.ev_class, r.rulename

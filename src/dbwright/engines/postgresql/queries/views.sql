-- pg_get_viewdef() opens the view and what it reads, so none of these may be locked.
WITH reads AS (
    SELECT r.ev_class AS view, array_agg(DISTINCT dep.refobjid::int8) AS relations
    FROM pg_rewrite r
    JOIN pg_depend dep ON dep.classid = 'pg_rewrite'::regclass AND dep.objid = r.oid
                      AND dep.refclassid = 'pg_class'::regclass AND dep.refobjid <> r.ev_class
    WHERE r.rulename = '_RETURN'
    GROUP BY r.ev_class
)
SELECT c.oid::int8 AS relation, reads.relations AS reads,
       CASE WHEN {{ readable("c.oid") }}
                 AND NOT EXISTS (SELECT FROM unnest(reads.relations) r (oid)
                                 WHERE NOT {{ readable("r.oid") }})
            THEN pg_get_viewdef(c.oid) END AS definition
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN reads ON reads.view = c.oid
WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

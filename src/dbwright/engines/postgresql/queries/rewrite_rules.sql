SELECT r.ev_class::int8 AS relation, r.rulename AS name, r.ev_type::text AS event,
       r.is_instead AS instead, r.ev_enabled::text AS enabled
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY r.ev_class, r.rulename

SELECT e.evtname AS name, e.evtevent AS event, n.nspname AS function_schema,
       p.proname AS function_name, e.evtenabled::text AS enabled,
       e.evttags AS tags, pg_get_userbyid(e.evtowner) AS owner,
       obj_description(e.oid, 'pg_event_trigger') AS comment
FROM pg_event_trigger e
JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_depend x
       ON x.classid = 'pg_event_trigger'::regclass AND x.objid = e.oid AND x.deptype = 'e'
WHERE x.objid IS NULL
ORDER BY e.evtname

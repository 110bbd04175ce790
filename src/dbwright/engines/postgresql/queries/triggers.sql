SELECT t.tgrelid::int8 AS relation, t.tgname AS name, t.tgtype AS type, t.tgenabled::text AS enabled,
       t.tgqual IS NOT NULL AS conditional,
       {% if v >= 13 %}t.tgparentid <> 0{% else %}false{% endif %} AS inherited,
       pn.nspname AS function_schema, p.proname AS function_name, d.description AS comment,
       CASE WHEN {{ readable("t.tgrelid") }} THEN pg_get_triggerdef(t.oid) END AS definition
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace pn ON pn.oid = p.pronamespace
LEFT JOIN pg_description d
       ON d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass AND d.objsubid = 0
WHERE NOT t.tgisinternal AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY t.tgrelid, t.tgname

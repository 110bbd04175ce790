SELECT n.nspname AS schema, s.stxname AS name, s.stxrelid::int8 AS relation,
       s.stxkind::text[] AS kinds, s.stxkeys::int2[] AS columns,
       {% if v >= 14 %}
       CASE WHEN s.stxexprs IS NOT NULL AND {{ readable("s.stxrelid") }}
            THEN array_to_string(pg_get_statisticsobjdef_expressions(s.oid), ', ') END
       {% else %}NULL::text{% endif %} AS expressions,
       {% if v >= 13 %}nullif(s.stxstattarget, -1)::int{% else %}NULL::int{% endif %} AS target,
       pg_get_userbyid(s.stxowner) AS owner, obj_description(s.oid, 'pg_statistic_ext') AS comment
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, s.stxname

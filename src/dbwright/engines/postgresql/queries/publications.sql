SELECT p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS all_tables,
       p.pubinsert AS "insert", p.pubupdate AS "update", p.pubdelete AS "delete",
       p.pubtruncate AS "truncate",
       {% if v >= 13 %}p.pubviaroot{% else %}false{% endif %} AS via_root,
       ARRAY(SELECT t.schemaname::text FROM pg_publication_tables t WHERE t.pubname = p.pubname
             ORDER BY t.schemaname, t.tablename) AS schemas,
       ARRAY(SELECT t.tablename::text FROM pg_publication_tables t WHERE t.pubname = p.pubname
             ORDER BY t.schemaname, t.tablename) AS tables,
       ARRAY(SELECT r.prrelid::int8 FROM pg_publication_rel r WHERE r.prpubid = p.oid
             ORDER BY r.oid) AS named,
       {% if v >= 15 %}
       (SELECT jsonb_agg(r.prattrs::int2[] ORDER BY r.oid) FROM pg_publication_rel r
        WHERE r.prpubid = p.oid) AS named_columns,
       ARRAY(SELECT CASE WHEN {{ readable("r.prrelid") }} THEN pg_get_expr(r.prqual, r.prrelid) END
             FROM pg_publication_rel r WHERE r.prpubid = p.oid ORDER BY r.oid) AS named_conditions,
       ARRAY(SELECT n.nspname::text FROM pg_publication_namespace s
             JOIN pg_namespace n ON n.oid = s.pnnspid
             WHERE s.pnpubid = p.oid ORDER BY 1) AS published_schemas,
       {% else %}
       NULL::jsonb AS named_columns, NULL::text[] AS named_conditions,
       '{}'::text[] AS published_schemas,
       {% endif %}
       {% if v >= 18 %}p.pubgencols::text{% else %}'n'{% endif %} AS generated_columns,
       obj_description(p.oid, 'pg_publication') AS comment
FROM pg_publication p ORDER BY p.pubname

SELECT p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS all_tables,
       p.pubinsert AS "insert", p.pubupdate AS "update", p.pubdelete AS "delete",
       p.pubtruncate AS "truncate",
       {% if v >= 13 %}p.pubviaroot{% else %}false{% endif %} AS via_root,
       ARRAY(SELECT t.schemaname::text FROM pg_publication_tables t WHERE t.pubname = p.pubname
             ORDER BY t.schemaname, t.tablename) AS schemas,
       ARRAY(SELECT t.tablename::text FROM pg_publication_tables t WHERE t.pubname = p.pubname
             ORDER BY t.schemaname, t.tablename) AS tables
FROM pg_publication p ORDER BY p.pubname

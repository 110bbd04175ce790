-- Tables, partitioned and foreign tables, views and materialized views of users.
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       pg_get_userbyid(c.relowner) AS owner,
       c.relpersistence::text AS persistence,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       c.relreplident::text AS replica_identity,
       c.relispartition AS is_partition, c.relispopulated AS populated,
       pg_get_expr(c.relpartbound, 0) AS partition_bound,
       c.reloptions AS options, toast.reloptions AS toast_options,
       am.amname AS access_method, ts.spcname AS tablespace,
       fs.srvname AS foreign_server, ft.ftoptions AS foreign_options,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       pt.partstrat::text AS partition_strategy,
       pt.partattrs::int2[] AS partition_columns,
       CASE WHEN pt.partrelid IS NOT NULL AND {{ readable("c.oid") }}
            THEN pg_get_partkeydef(c.oid) END AS partition_definition,
       parents.oids AS parents,
       d.description AS comment, c.relacl::text[] AS acl,
       NOT {{ readable("c.oid") }} AS locked
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid AND toast.reloptions IS NOT NULL
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver
LEFT JOIN pg_partitioned_table pt ON pt.partrelid = c.oid
LEFT JOIN (SELECT inhrelid, array_agg(inhparent::int8 ORDER BY inhseqno) AS oids
           FROM pg_inherits GROUP BY inhrelid) parents ON parents.inhrelid = c.oid
LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
LEFT JOIN pg_depend e
       ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
      AND e.refclassid = 'pg_extension'::regclass
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND e.objid IS NULL
ORDER BY n.nspname, c.relname

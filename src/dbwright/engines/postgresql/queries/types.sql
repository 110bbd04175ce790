SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, t.typtype::text AS kind,
       pg_get_userbyid(t.typowner) AS owner,
       CASE WHEN t.typtype = 'e' THEN
           ARRAY(SELECT l.enumlabel::text FROM pg_enum l WHERE l.enumtypid = t.oid
                 ORDER BY l.enumsortorder) END AS labels,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
            WHEN t.typtype = 'r' THEN format_type(r.rngsubtype, NULL) END AS base_type,
       (SELECT CASE WHEN cn.nspname <> 'pg_catalog' THEN quote_ident(cn.nspname) || '.' ELSE '' END
               || quote_ident(k.collname)
        FROM pg_type b, pg_collation k JOIN pg_namespace cn ON cn.oid = k.collnamespace
        WHERE t.typtype = 'd' AND b.oid = t.typbasetype AND k.oid = t.typcollation
          AND b.typcollation <> t.typcollation) AS collation,
       t.typnotnull AS not_null,
       -- The stored text was written with whatever search_path there was.
       coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) AS "default",
       CASE WHEN t.typtype = 'c' THEN
           ARRAY(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                 ORDER BY a.attnum) END AS attribute_names,
       CASE WHEN t.typtype = 'c' THEN
           ARRAY(SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                 WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                 ORDER BY a.attnum) END AS attribute_types,
       CASE WHEN t.typtype = 'c' THEN
           ARRAY(SELECT CASE WHEN a.attcollation <> b.typcollation THEN
                            (SELECT CASE WHEN cn.nspname <> 'pg_catalog'
                                         THEN quote_ident(cn.nspname) || '.' ELSE '' END
                                    || quote_ident(k.collname)
                             FROM pg_collation k JOIN pg_namespace cn ON cn.oid = k.collnamespace
                             WHERE k.oid = a.attcollation) END
                 FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid
                 WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                 ORDER BY a.attnum) END AS attribute_collations,
       CASE WHEN t.typtype = 'c' THEN
           ARRAY(SELECT col_description(a.attrelid, a.attnum) FROM pg_attribute a
                 WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                 ORDER BY a.attnum) END AS attribute_comments,
       CASE WHEN t.typtype = 'r' THEN
           (SELECT array_agg(o.name || '=' || o.value ORDER BY o.n) FROM (VALUES
               (1, 'subtype_opclass',
                (SELECT format('%I.%I', sn.nspname, oc.opcname) FROM pg_opclass oc
                 JOIN pg_namespace sn ON sn.oid = oc.opcnamespace
                 WHERE oc.oid = r.rngsubopc AND NOT oc.opcdefault)),
               (2, 'collation',
                (SELECT format('%I.%I', cn.nspname, k.collname) FROM pg_collation k
                 JOIN pg_namespace cn ON cn.oid = k.collnamespace
                 JOIN pg_type b ON b.oid = r.rngsubtype
                 WHERE k.oid = r.rngcollation AND k.oid <> b.typcollation)),
               (3, 'canonical', nullif(r.rngcanonical::oid, 0)::regproc::text),
               (4, 'subtype_diff', nullif(r.rngsubdiff::oid, 0)::regproc::text)
               {% if v >= 14 %},
               (5, 'multirange_type_name', format_type(r.rngmultitypid, NULL))
               {% endif %}
            ) o (n, name, value) WHERE o.value IS NOT NULL)
       END AS range_options,
       d.description AS comment,
       coalesce(t.typacl, acldefault('T', t.typowner))::text[] AS acl
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_depend e ON e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'
      AND e.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_description d
       ON d.objoid = t.oid AND d.classoid = 'pg_type'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND e.objid IS NULL
  AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.oid IS NOT NULL)
       OR (t.typtype = 'b' AND t.typelem = 0 AND t.typisdefined))
ORDER BY n.nspname, t.typname

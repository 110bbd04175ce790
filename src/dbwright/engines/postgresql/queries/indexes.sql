SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS relation, c.relname AS name,
       am.amname AS method, i.indnkeyatts AS key_count,
       i.indkey::int2[] AS columns, i.indclass::int8[] AS operator_classes,
       i.indcollation::int8[] AS collations, i.indoption::int2[] AS column_flags,
       i.indisunique AS "unique", i.indisprimary AS "primary", i.indisexclusion AS exclusion,
       i.indimmediate AS immediate, i.indisvalid AS valid, i.indisready AS ready,
       i.indisclustered AS clustered, i.indisreplident AS replica_identity,
       {% if v >= 15 %}i.indnullsnotdistinct{% else %}false{% endif %} AS nulls_not_distinct,
       i.indpred IS NOT NULL AS partial,
       CASE WHEN i.indexprs IS NOT NULL AND {{ readable("i.indrelid") }}
                 AND {{ readable("i.indexrelid") }} THEN
           ARRAY(SELECT CASE WHEN i.indkey[k - 1] = 0
                             THEN pg_get_indexdef(i.indexrelid, k, false) END
                 FROM generate_series(1, i.indnkeyatts::int) k)
       END AS expressions,
       CASE WHEN i.indpred IS NOT NULL AND {{ readable("i.indrelid") }}
            THEN pg_get_expr(i.indpred, i.indrelid) END AS predicate,
       parameters.options AS class_options,
       c.reloptions AS options, ts.spcname AS tablespace, c.relkind = 'I' AS partitioned,
       parent.inhparent::int8 AS parent, d.description AS comment
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_inherits parent ON parent.inhrelid = i.indexrelid
LEFT JOIN (SELECT a.attrelid, jsonb_object_agg(a.attnum, a.attoptions) AS options
           FROM pg_attribute a JOIN pg_class x ON x.oid = a.attrelid AND x.relkind IN ('i', 'I')
           WHERE a.attoptions IS NOT NULL GROUP BY a.attrelid) parameters
       ON parameters.attrelid = i.indexrelid
LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

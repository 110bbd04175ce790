WITH optionable AS (
    SELECT array_agg(o.oid) AS classes, array_agg(DISTINCT o.opcmethod) AS methods
    FROM pg_opclass o
    JOIN pg_am am ON am.oid = o.opcmethod
    JOIN pg_amproc p ON p.amprocfamily = o.opcfamily
                    AND p.amprocnum = CASE am.amname WHEN 'btree' THEN 5 WHEN 'hash' THEN 3
                                           WHEN 'gist' THEN 10 WHEN 'gin' THEN 7
                                           WHEN 'spgist' THEN 6 WHEN 'brin' THEN 5 END
)
SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS relation, c.relname AS name,
       am.amname AS method, i.indnkeyatts AS key_count,
       -- Vectors as text: of these there are few different ones, which are read once.
       i.indkey::text AS columns, i.indclass::text AS operator_classes,
       i.indcollation::text AS collations, i.indoption::text AS column_flags,
       -- Truths are bits of one number, in the order of TRUTHS.
       i.indisunique::int + (i.indisprimary::int << 1) + (i.indisexclusion::int << 2)
           + (i.indimmediate::int << 3) + (i.indisvalid::int << 4) + (i.indisready::int << 5)
           + (i.indisclustered::int << 6) + (i.indisreplident::int << 7)
           + ({% if v >= 15 %}i.indnullsnotdistinct{% else %}false{% endif %}::int << 8)
           + ((i.indpred IS NOT NULL)::int << 9) + ((c.relkind = 'I')::int << 10) AS truths,
       CASE WHEN i.indexprs IS NOT NULL AND {{ readable("i.indrelid") }}
                 AND {{ readable("i.indexrelid") }} THEN
           ARRAY(SELECT CASE WHEN i.indkey[k - 1] = 0
                             THEN pg_get_indexdef(i.indexrelid, k, false) END
                 FROM generate_series(1, i.indnkeyatts::int) k)
       END AS expressions,
       CASE WHEN i.indpred IS NOT NULL AND {{ readable("i.indrelid") }}
            THEN pg_get_expr(i.indpred, i.indrelid) END AS predicate,
       -- Only operator classes with a function for it can have parameters: few are ever used.
       CASE WHEN c.relam = ANY ((SELECT methods FROM optionable)::oid[])
                 AND i.indclass::oid[] && (SELECT classes FROM optionable) THEN
           (SELECT jsonb_object_agg(a.attnum, a.attoptions) FROM pg_attribute a
            WHERE a.attrelid = i.indexrelid AND a.attoptions IS NOT NULL)
       END AS class_options,
       CASE WHEN i.indexprs IS NOT NULL THEN
           (SELECT jsonb_agg(ARRAY[a.attnum::int, a.attstattarget::int] ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)
       END AS statistics_targets,
       c.reloptions AS options, ts.spcname AS tablespace,
       parent.inhparent::int8 AS parent, d.description AS comment
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_inherits parent ON parent.inhrelid = i.indexrelid
LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

SELECT k.conrelid::int8 AS relation, k.contypid::int8 AS domain, k.conname AS name,
       k.contype::text AS type,
       k.condeferrable AS "deferrable", k.condeferred AS initially_deferred,
       k.convalidated AS validated,
       {% if v >= 18 %}k.conenforced{% else %}true{% endif %} AS enforced,
       {% if v >= 18 %}k.conperiod{% else %}false{% endif %} AS period,
       k.connoinherit AS no_inherit,
       (k.coninhcount > 0 OR k.conparentid <> 0) AS inherited,
       k.conkey AS columns, k.conindid::int8 AS index,
       k.confrelid::int8 AS referenced, k.confkey AS referenced_columns,
       k.confupdtype::text AS on_update, k.confdeltype::text AS on_delete,
       {% if v >= 15 %}k.confdelsetcols{% else %}NULL::int2[]{% endif %} AS on_delete_columns,
       k.confmatchtype = 'f' AS match_full,
       CASE WHEN k.contype = 'x' THEN
           (SELECT array_agg(o.oprname::text ORDER BY u.n)
            FROM unnest(k.conexclop) WITH ORDINALITY u (op, n) JOIN pg_operator o ON o.oid = u.op)
       END AS operators,
       CASE WHEN k.contype = 'c' THEN
           CASE WHEN k.conrelid = 0 THEN pg_get_expr(k.conbin, 0)
                WHEN {{ readable("k.conrelid") }} THEN pg_get_expr(k.conbin, k.conrelid) END
       END AS expression,
       CASE WHEN k.contype = 'x' AND {{ readable("k.conrelid") }}
            THEN pg_get_constraintdef(k.oid) END AS definition,
       d.description AS comment
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_description d
       ON d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass AND d.objsubid = 0
-- From 18 on each NOT NULL has a row; only those that are not validated, or have another name than
-- the server would choose, say more than the column.
WHERE (k.contype IN ('p', 'u', 'f', 'c', 'x')
       OR (k.contype = 'n' AND (NOT k.convalidated OR EXISTS (
           SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.oid = k.conrelid AND a.attnum = k.conkey[1]
             AND k.conname <> c.relname || '_' || a.attname || '_not_null'))))
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  -- A foreign key to a partitioned table has a row for each partition, too: the server's own.
  AND NOT (k.contype = 'f' AND k.conparentid <> 0 AND EXISTS (
      SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid))

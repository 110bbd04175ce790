-- In whatever order the server finds them: sorting so many rows costs more there than here.
SELECT a.attrelid::int8 AS relation, a.attnum AS position, a.attname AS name,
       a.atttypid::int8 AS type, a.atttypmod AS modifier,
       a.attnotnull AS not_null, a.attidentity::text AS identity,
       a.attgenerated::text AS generated,
       a.attcollation::int8 AS collation,
       a.attstorage::text AS storage,
       {% if v >= 14 %}a.attcompression::text{% else %}''{% endif %} AS compression,
       nullif(a.attstattarget, -1)::int AS statistics_target,
       NOT a.attislocal AS inherited,
       -- A default has no column in it, so no relation need be opened; a generated one has.
       CASE WHEN ad.oid IS NULL THEN NULL
            WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0)
            WHEN {{ readable("a.attrelid") }} THEN pg_get_expr(ad.adbin, ad.adrelid)
       END AS "default",
       d.description AS comment, a.attacl::text[] AS acl
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_description d
       ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

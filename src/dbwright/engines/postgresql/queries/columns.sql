-- In whatever order the server finds them: sorting so many rows costs more there than here. What
-- most columns have not is NULL, or all in one cell, and truths are bits of one number: cells cost,
-- too. Lists are JSON: equal rows are found by their cells.
SELECT a.attrelid::int8 AS relation, a.attnum AS position, a.attname AS name,
       a.atttypid::int8 AS type, a.atttypmod AS modifier,
       a.attnotnull::int + 2 * (NOT a.attislocal)::int AS truths,
       nullif(a.attidentity, '')::text AS identity, nullif(a.attgenerated, '')::text AS generated,
       nullif(a.attcollation, 0)::int8 AS collation,
       a.attstorage::text AS storage,
       -- A default has no column in it, so no relation need be opened; a generated one has.
       CASE WHEN ad.oid IS NULL THEN NULL
            WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0)
            WHEN {{ readable("a.attrelid") }} THEN pg_get_expr(ad.adbin, ad.adrelid)
       END AS "default",
       CASE WHEN d.description IS NOT NULL OR a.attacl IS NOT NULL OR a.attoptions IS NOT NULL
                 OR a.attfdwoptions IS NOT NULL OR nullif(a.attstattarget, -1) IS NOT NULL
                 {%- if v >= 14 %} OR a.attcompression <> ''{% endif %} THEN
           json_build_object('comment', d.description, 'acl', a.attacl::text[],
               'options', a.attoptions, 'foreign_options', a.attfdwoptions,
               'statistics_target', nullif(a.attstattarget, -1)
               {%- if v >= 14 %}, 'compression', nullif(a.attcompression, '')::text{% endif %}
           )::text
       END AS rare
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_description d
       ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

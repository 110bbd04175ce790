-- The types of columns: pairs of a type and a modifier. There are few, however many the columns.
SELECT u.type, u.modifier,
       format_type(u.type::oid, u.modifier) AS name,
       format_type(coalesce(nullif(b.typelem, 0), b.oid), NULL) AS base,
       t.typtype = 'd' AS is_domain, tn.nspname AS schema, t.typname AS plain_name,
       b.typcategory = 'A' AS is_array,
       t.typlen AS length, t.typalign::text AS alignment, t.typcollation::int8 AS collation,
       t.typstorage::text AS storage
FROM unnest('{ {{- types -}} }'::int8[], '{ {{- modifiers -}} }'::int[]) u (type, modifier)
JOIN pg_type t ON t.oid = u.type::oid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
-- The end of a chain of domains; an array is named by its element, a true one only.
JOIN LATERAL (
    WITH RECURSIVE chain (oid, base) AS (
        SELECT t.oid, t.typbasetype
        UNION ALL
        SELECT n.oid, n.typbasetype FROM chain JOIN pg_type n ON n.oid = chain.base
    )
    SELECT p.oid, p.typcategory, CASE WHEN p.typcategory = 'A' THEN p.typelem ELSE 0 END AS typelem
    FROM chain JOIN pg_type p ON p.oid = chain.oid
    WHERE chain.base = 0
) b ON true

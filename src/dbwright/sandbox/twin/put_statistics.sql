-- Rows of pg_temp.twin_column to pg_statistic, each by itself: one that does not fit (a label that
-- an enum no longer has) must not take the others with it. Slots are found by their kind, so each
-- kind has a place of its own. The operators are those that ANALYZE takes: of the default class.
CREATE TEMP TABLE twin_type AS
WITH RECURSIVE chain (declared, oid, base) AS (
    SELECT p.oid, p.oid, p.typbasetype FROM pg_type p
    WHERE p.oid IN (SELECT a.atttypid FROM pg_attribute a
                    JOIN pg_temp.twin_column t ON t.relation = a.attrelid AND t.name = a.attname)
    UNION ALL
    SELECT chain.declared, p.oid, p.typbasetype FROM chain JOIN pg_type p ON p.oid = chain.base
)
SELECT chain.declared, chain.oid AS type, own.eq, own.lt, e.element_type,
       element.eq AS element_eq,
       -- The bounds of multiranges are ranges. Up to 13 the catalog has no such column.
       coalesce((SELECT g.rngtypid FROM pg_range g
                 WHERE (to_jsonb(g) ->> 'rngmultitypid')::oid = chain.oid), chain.oid) AS range_type
FROM chain
JOIN pg_type b ON b.oid = chain.oid
-- What a tsvector holds is text.
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.typname = 'tsvector' THEN 25::oid ELSE b.typelem END AS element_type
) e
LEFT JOIN LATERAL pg_temp.twin_operators(b.oid) own ON true
LEFT JOIN LATERAL pg_temp.twin_operators(e.element_type) element ON e.element_type <> 0
WHERE chain.base = 0;
ANALYZE pg_temp.twin_type;
DO $body$
DECLARE
    r record;
BEGIN
    FOR r IN
        SELECT t.*, a.attcollation, k.type, k.eq, k.lt, k.element_type, k.element_eq, k.range_type,
               CASE WHEN k.element_type = 25 THEN 100 ELSE a.attcollation END AS element_collation
        FROM pg_temp.twin_column t
        JOIN pg_attribute a ON a.attrelid = t.relation AND a.attname = t.name
                           AND NOT a.attisdropped AND a.attnum > 0
        JOIN pg_temp.twin_type k ON k.declared = a.atttypid
    LOOP
        BEGIN
            DELETE FROM pg_statistic s
            USING pg_attribute a
            WHERE s.starelid = r.relation AND s.stainherit = r.inherited
              AND a.attrelid = s.starelid AND a.attnum = s.staattnum AND a.attname = r.name;
            INSERT INTO pg_statistic (
                starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
                stakind1, staop1, stacoll1, stanumbers1, stavalues1,
                stakind2, staop2, stacoll2, stanumbers2, stavalues2,
                stakind3, staop3, stacoll3, stanumbers3, stavalues3,
                stakind4, staop4, stacoll4, stanumbers4, stavalues4,
                stakind5, staop5, stacoll5, stanumbers5, stavalues5
            )
            SELECT
                r.relation, a.attnum, r.inherited, r.null_fraction, r.width, r."distinct",
                -- 1: most common values
                CASE WHEN r.common_values IS NULL THEN 0 ELSE 1 END,
                CASE WHEN r.common_values IS NULL THEN 0 ELSE coalesce(r.eq, 0) END,
                CASE WHEN r.common_values IS NULL THEN 0 ELSE r.attcollation END,
                r.common_frequencies,
                array_in(textout(r.common_values), r.type, -1),
                -- 2: histogram
                CASE WHEN r.histogram IS NULL THEN 0 ELSE 2 END,
                CASE WHEN r.histogram IS NULL THEN 0 ELSE coalesce(r.lt, 0) END,
                CASE WHEN r.histogram IS NULL THEN 0 ELSE r.attcollation END,
                NULL,
                array_in(textout(r.histogram), r.type, -1),
                -- 3: correlation
                CASE WHEN r.correlation IS NULL THEN 0 ELSE 3 END,
                CASE WHEN r.correlation IS NULL THEN 0 ELSE coalesce(r.lt, 0) END,
                CASE WHEN r.correlation IS NULL THEN 0 ELSE r.attcollation END,
                CASE WHEN r.correlation IS NOT NULL THEN ARRAY[r.correlation] END,
                NULL,
                -- 4: most common elements; of ranges 6: lengths
                CASE WHEN r.common_elements IS NOT NULL THEN 4
                     WHEN r.range_lengths IS NOT NULL THEN 6 ELSE 0 END,
                CASE WHEN r.common_elements IS NOT NULL THEN coalesce(r.element_eq, 0)
                     WHEN r.range_lengths IS NOT NULL THEN 672 ELSE 0 END,
                CASE WHEN r.common_elements IS NOT NULL THEN r.element_collation ELSE 0 END,
                CASE WHEN r.common_elements IS NOT NULL THEN r.element_frequencies
                     WHEN r.range_lengths IS NOT NULL THEN ARRAY[r.range_empty_fraction] END,
                CASE WHEN r.common_elements IS NOT NULL
                     THEN array_in(textout(r.common_elements), r.element_type::oid, -1)
                     WHEN r.range_lengths IS NOT NULL
                     THEN array_in(textout(r.range_lengths), 701, -1) END,
                -- 5: how many elements; of ranges 7: bounds
                CASE WHEN r.element_counts IS NOT NULL THEN 5
                     WHEN r.range_bounds IS NOT NULL THEN 7 ELSE 0 END,
                CASE WHEN r.element_counts IS NOT NULL THEN coalesce(r.element_eq, 0) ELSE 0 END,
                CASE WHEN r.element_counts IS NOT NULL THEN r.element_collation ELSE 0 END,
                r.element_counts,
                CASE WHEN r.range_bounds IS NOT NULL
                     THEN array_in(textout(r.range_bounds), r.range_type::oid, -1) END
            FROM pg_attribute a
            WHERE a.attrelid = r.relation AND a.attname = r.name;
        EXCEPTION WHEN others THEN
            INSERT INTO pg_temp.twin_failed VALUES (r.relation, r.name, SQLERRM);
        END;
    END LOOP;
END $body$

CREATE TEMP TABLE twin_column (
    relation oid, name text, inherited boolean, null_fraction real, width integer,
    "distinct" real, common_values text, common_frequencies real[], histogram text,
    correlation real, common_elements text, element_frequencies real[], element_counts real[],
    range_lengths text, range_empty_fraction real, range_bounds text
);
CREATE TEMP TABLE twin_failed (relation oid, name text, message text);
-- The equality and the order of a type's default b-tree class, or of the class that stands for all
-- arrays, enums, ranges …; the equality of a hash class where there is no order.
CREATE OR REPLACE FUNCTION pg_temp.twin_operators(wanted oid, OUT eq oid, OUT lt oid)
LANGUAGE sql STABLE AS $body$
    SELECT max(o.amopopr) FILTER (WHERE o.amopstrategy = CASE am.amname WHEN 'btree' THEN 3 ELSE 1 END),
           max(o.amopopr) FILTER (WHERE o.amopstrategy = 1 AND am.amname = 'btree')
    FROM (
        SELECT c.*
        FROM pg_type t
        JOIN pg_opclass c ON c.opcdefault
        JOIN pg_am m ON m.oid = c.opcmethod AND m.amname IN ('btree', 'hash')
        WHERE t.oid = wanted
          AND (c.opcintype = t.oid
               OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = t.oid
                          AND k.casttarget = c.opcintype AND k.castmethod = 'b'
                          AND k.castcontext = 'i')
               OR c.opcintype = CASE t.typtype WHEN 'e' THEN 3500 WHEN 'r' THEN 3831
                                               WHEN 'm' THEN 4537 WHEN 'c' THEN 2249 END
               OR (t.typcategory = 'A' AND c.opcintype = 2277))
        ORDER BY m.amname, c.opcintype <> t.oid, c.oid
        LIMIT 1
    ) c
    JOIN pg_am am ON am.oid = c.opcmethod
    JOIN pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype
                  AND o.amoprighttype = c.opcintype
$body$

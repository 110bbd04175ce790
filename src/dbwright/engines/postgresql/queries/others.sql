-- Objects of users that have no noun: each with its kind and name in the server's words.
SELECT i.type AS kind, i.identity AS name
FROM (SELECT 'pg_conversion'::regclass AS class, oid FROM pg_conversion
      UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
      UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
      UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
      UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
      UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template) o
CROSS JOIN LATERAL pg_identify_object(o.class::oid, o.oid, 0) i
WHERE o.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class::oid AND e.objid = o.oid
                  AND e.deptype = 'e')
ORDER BY 1, 2

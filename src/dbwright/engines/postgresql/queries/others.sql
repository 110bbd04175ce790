-- Objects of users that have no noun: each with its kind and name in the server's words.
SELECT i.type AS kind, i.identity AS name
FROM (SELECT 'pg_operator'::regclass AS class, oid FROM pg_operator
      UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
      UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
      UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
      UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
      UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
      UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
      UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
      UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
      UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
      UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
      UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper) o
CROSS JOIN LATERAL pg_identify_object(o.class::oid, o.oid, 0) i
WHERE o.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class::oid AND e.objid = o.oid
                  AND e.deptype = 'e')
ORDER BY 1, 2

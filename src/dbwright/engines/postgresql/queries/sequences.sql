SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name,
       pg_get_userbyid(c.relowner) AS owner, format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start, s.seqmin AS minimum, s.seqmax AS maximum,
       s.seqincrement AS increment, s.seqcycle AS cycle, s.seqcache AS cache,
       own.refobjid::int8 AS owner_relation, own.refobjsubid AS owner_column,
       own.deptype = 'i' AS identity,
       s.seqrelid IN (SELECT u.refobjid FROM pg_depend u
                      WHERE u.refclassid = 'pg_class'::regclass
                        AND u.classid = 'pg_attrdef'::regclass) AS used_by_default,
       d.description AS comment, c.relacl::text[] AS acl,
       c.relpersistence::text AS persistence
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend own ON own.classid = 'pg_class'::regclass AND own.objid = c.oid
                       AND own.refclassid = 'pg_class'::regclass AND own.refobjsubid > 0
                       AND own.deptype IN ('a', 'i')
LEFT JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
      AND e.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND e.objid IS NULL
ORDER BY n.nspname, c.relname

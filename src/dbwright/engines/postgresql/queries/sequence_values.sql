-- What a sequence has given out is data of its own: reading it opens each sequence's file.
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name,
       CASE WHEN {{ readable("c.oid") }} AND has_sequence_privilege(c.oid, 'SELECT, USAGE')
            THEN pg_sequence_last_value(c.oid) END AS last_value,
       has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname

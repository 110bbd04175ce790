-- The locks of sessions that wait or make wait, all waiting ones, all strong ones on relations,
-- and all advisory ones. A busy server has thousands of others that tell nothing.
SELECT l.pid, l.locktype AS type, l.mode, l.granted,
       CASE WHEN l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            THEN l.relation::int8 END AS relation,
       n.nspname AS schema, c.relname AS name,
       {% if v >= 14 %}l.waitstart{% else %}NULL::timestamptz{% endif %} AS waiting_since,
       CASE WHEN l.locktype = 'advisory' THEN
           CASE l.objsubid WHEN 1 THEN ((l.classid::int8 << 32) | l.objid::int8)::text
                           ELSE l.classid::text || ', ' || l.objid::text END END AS key
FROM pg_locks l
LEFT JOIN pg_class c
       ON c.oid = l.relation
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid IS DISTINCT FROM pg_backend_pid()
  AND (NOT l.granted OR l.locktype = 'advisory'
       OR (l.locktype = 'relation'
           AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                          'AccessExclusiveLock'))
       OR (l.locktype IN ('relation', 'tuple', 'transactionid')
           AND EXISTS (SELECT FROM pg_locks w
                       WHERE NOT w.granted
                         AND w.relation IS NOT DISTINCT FROM l.relation
                         AND w.transactionid IS NOT DISTINCT FROM l.transactionid
                         AND w.locktype = l.locktype)))
ORDER BY l.pid, l.locktype, l.relation, l.mode, l.granted DESC
LIMIT 5000

-- The locks of sessions that wait or make wait, all waiting ones, all strong ones on relations,
-- and all advisory ones. A busy server has thousands of others that tell nothing.
WITH lock AS MATERIALIZED (SELECT * FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid()),
waiting AS (SELECT * FROM lock WHERE NOT granted),
-- Whose end somebody waits for, because of a row: what tables it writes to is worth knowing.
awaited AS (
    SELECT DISTINCT h.virtualtransaction AS holder
    FROM lock h JOIN waiting w ON w.transactionid = h.transactionid
    WHERE h.granted AND h.locktype = 'transactionid' AND w.locktype = 'transactionid'
),
-- A prepared transaction is known by the lock on its own number; its other locks have the same
-- virtual transaction (the one it had as a session, and -1/number after a restart).
prepared AS (
    SELECT x.virtualtransaction AS holder, p.gid::text AS name
    FROM pg_prepared_xacts p
    JOIN lock x ON x.pid IS NULL AND x.granted AND x.locktype = 'transactionid'
               AND x.transactionid = p.transaction
)
SELECT l.pid, l.locktype AS type, l.mode, l.granted,
       CASE WHEN l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            THEN l.relation::int8 END AS relation,
       n.nspname AS schema, c.relname AS name,
       {% if v >= 14 %}l.waitstart{% else %}NULL::timestamptz{% endif %} AS waiting_since,
       CASE WHEN l.locktype = 'advisory' THEN
           CASE l.objsubid WHEN 1 THEN ((l.classid::int8 << 32) | l.objid::int8)::text
                           ELSE l.classid::text || ', ' || l.objid::text END END AS key,
       l.transactionid::text AS transaction, prepared.name AS prepared
FROM lock l
LEFT JOIN pg_class c
       ON c.oid = l.relation
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN prepared ON l.pid IS NULL AND prepared.holder = l.virtualtransaction
WHERE NOT l.granted OR l.locktype = 'advisory'
   OR (l.locktype = 'relation'
       AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                       'AccessExclusiveLock')
            OR (l.mode <> 'AccessShareLock' AND c.relkind IN ('r', 'p', 'm')
                AND l.virtualtransaction IN (SELECT holder FROM awaited))))
   OR (l.locktype IN ('relation', 'tuple', 'transactionid')
       AND EXISTS (SELECT FROM waiting w
                   WHERE w.relation IS NOT DISTINCT FROM l.relation
                     AND w.transactionid IS NOT DISTINCT FROM l.transactionid
                     AND w.locktype = l.locktype))
   -- Who waits for a row's transaction holds the lock on the row's place in the queue.
   OR (l.locktype = 'tuple' AND l.pid IN (SELECT pid FROM waiting))
ORDER BY l.pid, l.locktype, l.relation, l.mode, l.granted DESC
LIMIT 5000

-- Relations of this database with an ACCESS EXCLUSIVE lock, held or waited for: who asks for
-- any lock on them now queues. pg_locks itself takes no lock on a relation.
SELECT DISTINCT relation::int8 AS relation
FROM pg_locks
WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND relation IS NOT NULL
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IS DISTINCT FROM pg_backend_pid()

SELECT p.pid, n.nspname AS schema, c.relname AS name, p.phase,
       p.heap_blks_total AS heap_blocks_total, p.heap_blks_scanned AS heap_blocks_scanned,
       p.index_vacuum_count
FROM pg_stat_progress_vacuum p
LEFT JOIN pg_class c ON c.oid = p.relid AND p.datname = current_database()
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY p.pid

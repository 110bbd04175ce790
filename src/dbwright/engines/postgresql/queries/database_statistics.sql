SELECT d.datname AS name, s.numbackends AS connections,
       s.xact_commit AS commits, s.xact_rollback AS rollbacks,
       s.blks_read AS blocks_read, s.blks_hit AS blocks_hit,
       s.deadlocks, s.conflicts, s.temp_files AS temporary_files, s.temp_bytes AS temporary_bytes,
       s.checksum_failures, s.stats_reset AS since,
       age(d.datfrozenxid) AS xid_age, mxid_age(d.datminmxid) AS multixact_age
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
ORDER BY d.datname

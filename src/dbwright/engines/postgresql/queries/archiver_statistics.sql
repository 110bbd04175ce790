SELECT archived_count AS archived, failed_count AS failed,
       last_archived_time AS last_archived_at, last_failed_time AS last_failed_at,
       last_failed_wal AS last_failed_file, stats_reset AS since
FROM pg_stat_archiver

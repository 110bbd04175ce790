SELECT wal_bytes::int8 AS bytes, stats_reset AS since FROM pg_stat_wal

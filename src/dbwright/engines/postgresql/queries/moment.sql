SELECT clock_timestamp() AS now, pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_is_in_recovery()
                 AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
            THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
       END AS receiver_lag_seconds,
       CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() >= pg_last_wal_replay_lsn()
            THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8
       END AS receiver_lag_bytes,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS replay_paused

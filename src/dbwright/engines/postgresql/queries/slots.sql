-- On a standby the current position is what it has replayed.
SELECT s.slot_name AS name, s.slot_type AS kind, s.plugin, s.database, s.active, s.temporary,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                            ELSE pg_current_wal_lsn() END, s.restart_lsn)::int8 AS retained_bytes,
       {% if v >= 13 %}s.safe_wal_size{% else %}NULL::int8{% endif %} AS safe_wal_bytes,
       {% if v >= 13 %}s.wal_status{% else %}NULL::text{% endif %} AS wal_status,
       age(s.xmin) AS xmin_age, age(s.catalog_xmin) AS catalog_xmin_age,
       {% if v >= 17 %}s.inactive_since{% else %}NULL::timestamptz{% endif %} AS inactive_since
FROM pg_replication_slots s
ORDER BY s.slot_name

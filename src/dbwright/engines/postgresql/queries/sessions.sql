-- Who is not allowed to see a session's query sees '<insufficient privilege>' and no state.
SELECT a.pid, a.backend_type AS kind, a.datname AS database, a.usename AS "user",
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN 'socket' END) AS client,
       a.state, a.backend_start AS started_at, a.xact_start AS transaction_started_at,
       a.query_start AS query_started_at, a.state_change AS state_changed_at,
       a.wait_event_type, a.wait_event,
       left(a.query, 2000) AS query,
       a.query = '<insufficient privilege>' AS hidden,
       age(a.backend_xid) AS xid_age, age(a.backend_xmin) AS xmin_age,
       CASE WHEN w.pid IS NOT NULL THEN pg_blocking_pids(a.pid) END AS blocked_by,
       s.ssl
FROM pg_stat_activity a
LEFT JOIN (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) w ON w.pid = a.pid
LEFT JOIN pg_stat_ssl s ON s.pid = a.pid
WHERE a.pid <> pg_backend_pid()
ORDER BY a.pid

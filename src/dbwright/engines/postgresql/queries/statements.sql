{% set total = "total_exec_time" if modern else "total_time" -%}
{% set mean = "mean_exec_time" if modern else "mean_time" -%}
{% set stddev = "stddev_exec_time" if modern else "stddev_time" -%}
-- The columns were renamed in version 1.8 of the extension (PostgreSQL 13).
SELECT s.queryid AS query_id, s.query AS text, s.calls, r.rolname AS "user", s.rows,
       {% if tells_nested -%}
       -- What a function runs is in the time of who called it.
       CASE WHEN s.toplevel THEN s.{{ total }} / 1000 END AS total_seconds,
       {%- else -%}
       s.{{ total }} / 1000 AS total_seconds,
       {%- endif %} s.{{ mean }} / 1000 AS mean_seconds,
       s.{{ stddev }} / 1000 AS stddev_seconds,
       s.shared_blks_hit AS shared_blocks_hit, s.shared_blks_read AS shared_blocks_read,
       s.temp_blks_read + s.temp_blks_written AS temporary_blocks,
       s.query = '<insufficient privilege>' AS hidden
FROM {{ schema }}.pg_stat_statements s
LEFT JOIN pg_roles r ON r.oid = s.userid
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY s.{{ total }} DESC, s.queryid, r.rolname
LIMIT {{ limit }}

-- pg_relation_size() would wait for a locked relation: for those the planner's page count serves.
SELECT c.oid::int8 AS oid, c.relkind::text AS kind,
       -- Never analyzed is -1; before 14 it is 0 rows in 0 pages.
       {% if v < 14 %}CASE WHEN c.relpages = 0 AND c.reltuples = 0 THEN -1 ELSE c.reltuples END
       {%- else %}c.reltuples{% endif %}::float8 AS rows,
       c.relpages AS pages, c.relallvisible AS all_visible_pages,
       CASE WHEN c.relkind IN ('r', 'm') THEN
           CASE WHEN {{ readable("c.oid") }} THEN pg_relation_size(c.oid)
                ELSE c.relpages::int8 * current_setting('block_size')::int END
       END AS heap_bytes,
       CASE WHEN c.reltoastrelid = 0 THEN 0
            WHEN {{ readable("c.oid") }} AND {{ readable("c.reltoastrelid") }}
            THEN pg_total_relation_size(c.reltoastrelid)
            ELSE t.relpages::int8 * current_setting('block_size')::int END AS toast_bytes,
       pg_stat_get_numscans(c.oid) AS sequential_scans,
       pg_stat_get_tuples_returned(c.oid) AS sequential_rows,
       pg_stat_get_tuples_inserted(c.oid) AS inserted,
       pg_stat_get_tuples_updated(c.oid) AS updated,
       pg_stat_get_tuples_hot_updated(c.oid) AS hot_updated,
       pg_stat_get_tuples_deleted(c.oid) AS deleted,
       pg_stat_get_live_tuples(c.oid) AS live_rows,
       pg_stat_get_dead_tuples(c.oid) AS dead_rows,
       pg_stat_get_mod_since_analyze(c.oid) AS modified_since_analyze,
       {% if v >= 13 %}pg_stat_get_ins_since_vacuum(c.oid){% else %}NULL::int8{% endif %}
           AS inserted_since_vacuum,
       greatest(pg_stat_get_last_vacuum_time(c.oid),
                pg_stat_get_last_autovacuum_time(c.oid)) AS last_vacuum,
       greatest(pg_stat_get_last_analyze_time(c.oid),
                pg_stat_get_last_autoanalyze_time(c.oid)) AS last_analyze,
       pg_stat_get_blocks_fetched(c.oid) AS blocks_fetched,
       pg_stat_get_blocks_hit(c.oid) AS blocks_hit,
       CASE WHEN c.relfrozenxid <> '0' THEN
           greatest(age(c.relfrozenxid), coalesce(age(nullif(t.relfrozenxid, '0')), 0))
       END AS xid_age,
       CASE WHEN c.relminmxid <> '0' THEN
           greatest(mxid_age(c.relminmxid), coalesce(mxid_age(nullif(t.relminmxid, '0')), 0))
       END AS multixact_age
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'm', 'p')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY c.oid

SELECT c.oid::int8 AS oid, i.indrelid::int8 AS relation, c.reltuples::float8 AS rows,
       c.relpages AS pages,
       CASE WHEN c.relkind = 'I' THEN 0
            WHEN {{ readable("c.oid") }} AND {{ readable("i.indrelid") }}
            THEN pg_relation_size(c.oid)
            ELSE c.relpages::int8 * current_setting('block_size')::int END AS bytes,
       pg_stat_get_numscans(c.oid) AS scans,
       {% if v >= 16 %}pg_stat_get_lastscan(c.oid){% else %}NULL::timestamptz{% endif %}
           AS last_scan,
       pg_stat_get_tuples_returned(c.oid) AS rows_read,
       pg_stat_get_tuples_fetched(c.oid) AS rows_fetched,
       pg_stat_get_blocks_fetched(c.oid) AS blocks_fetched,
       pg_stat_get_blocks_hit(c.oid) AS blocks_hit
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY c.oid

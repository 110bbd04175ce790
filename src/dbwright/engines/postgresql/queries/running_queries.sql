-- What each client's session runs now, or ran last: then state_changed_at says when that ended.
-- Who may not see a session's statement sees neither its state nor its kind.
-- There is always a row, without a pid where nobody runs anything: for the time this took.
SELECT /* dbwright watches */
       a.*, extract(epoch FROM clock_timestamp() - statement_timestamp())::float8 AS seconds
FROM (SELECT) AS always
LEFT JOIN (
    SELECT pid, state = 'active' AS active, query_start AS started_at,
           state_change AS state_changed_at, query AS text,
           {% if v >= 14 %}nullif(query_id, 0){% else %}NULL::int8{% endif %} AS query_id,
           usename AS "user", nullif(application_name, '') AS application,
           query = '<insufficient privilege>' AS hidden,
           octet_length(query) >= pg_size_bytes(current_setting('track_activity_query_size')) - 1
               AS cut
    FROM pg_stat_activity
    WHERE coalesce(backend_type, 'client backend') = 'client backend'
          AND datname = current_database() AND pid <> pg_backend_pid() AND query <> ''
          AND (state = 'active' OR state_change > now() - interval '{{ recent }} s'
               OR query = '<insufficient privilege>')
) AS a ON true

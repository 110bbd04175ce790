-- pg_stats shows only columns that the user may read, and no column under row level security.
SELECT c.oid::int8 AS relation, s.attname AS name, s.null_frac::float8 AS null_fraction,
       s.avg_width AS average_width, s.n_distinct::float8 AS "distinct",
       {% if values is none %}
       s.most_common_vals::text::text[] AS common_values,
       s.most_common_freqs::float8[] AS common_frequencies,
       s.histogram_bounds::text::text[] AS histogram,
       {% else %}
       (s.most_common_vals::text::text[])[1:{{ values }}] AS common_values,
       (s.most_common_freqs::float8[])[1:{{ values }}] AS common_frequencies,
       (s.histogram_bounds::text::text[])[1:{{ values }}] AS histogram,
       {% endif %}
       s.correlation::float8 AS correlation, s.inherited
FROM pg_stats s
JOIN pg_namespace n ON n.nspname = s.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
WHERE s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema'
  AND c.relkind IN ('r', 'p', 'm', 'f')
ORDER BY c.oid, s.attname, s.inherited

-- Of the expressions of CREATE STATISTICS objects, each with its place in the definition.
SELECT e.statistics_schemaname AS schema, e.statistics_name AS name,
       {% if v >= 15 %}e.inherited{% else %}false{% endif %} AS inherited,
       array_position(pg_get_statisticsobjdef_expressions(s.oid), e.expr) AS place,
       e.null_frac::float8 AS null_fraction, e.avg_width AS average_width,
       e.n_distinct::float8 AS "distinct",
       e.most_common_vals::text::text[] AS common_values,
       e.most_common_freqs::float8[] AS common_frequencies,
       e.histogram_bounds::text::text[] AS histogram, e.correlation::float8 AS correlation
FROM pg_stats_ext_exprs e
JOIN pg_namespace n ON n.nspname = e.statistics_schemaname
JOIN pg_statistic_ext s ON s.stxnamespace = n.oid AND s.stxname = e.statistics_name
WHERE e.null_frac IS NOT NULL
  AND e.statistics_schemaname !~ '^pg_' AND e.statistics_schemaname <> 'information_schema'
ORDER BY 1, 2, 3, 4

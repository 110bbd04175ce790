-- pg_stats shows only columns that the user may read, and no column under row level security.
SELECT c.oid::int8 AS relation, s.attname AS name, s.null_frac::float8 AS null_fraction,
       s.avg_width AS average_width, s.n_distinct::float8 AS "distinct",
       {% if values is none %}
       s.most_common_vals::text::text[] AS common_values,
       s.most_common_freqs::float8[] AS common_frequencies,
       s.histogram_bounds::text::text[] AS histogram,
       s.most_common_elems::text::text[] AS common_elements,
       s.most_common_elem_freqs::float8[] AS element_frequencies,
       s.elem_count_histogram::float8[] AS element_counts,
       {% if v >= 17 -%}
       s.range_length_histogram::text::text[] AS range_lengths,
       s.range_empty_frac::float8 AS range_empty_fraction,
       s.range_bounds_histogram::text::text[] AS range_bounds,
       {%- else -%}
       NULL::text[] AS range_lengths, NULL::float8 AS range_empty_fraction,
       NULL::text[] AS range_bounds,
       {%- endif %}
       {% else %}
       NULL::text[] AS common_elements, NULL::float8[] AS element_frequencies,
       NULL::float8[] AS element_counts, NULL::text[] AS range_lengths,
       NULL::float8 AS range_empty_fraction, NULL::text[] AS range_bounds,
       (s.most_common_vals::text::text[])[1:{{ values }}] AS common_values,
       (s.most_common_freqs::float8[])[1:{{ values }}] AS common_frequencies,
       -- Spread over the whole range: the first ones alone would all be low.
       CASE WHEN cardinality(h.bounds) <= {{ values }} THEN h.bounds
            WHEN h.bounds IS NOT NULL THEN ARRAY(
                SELECT h.bounds[1 + i * (cardinality(h.bounds) - 1) / {{ values - 1 }}]
                FROM generate_series(0, {{ values - 1 }}) i ORDER BY i)
       END AS histogram,
       {% endif %}
       s.correlation::float8 AS correlation, s.inherited
FROM pg_stats s
JOIN pg_namespace n ON n.nspname = s.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
{% if values is not none -%}
-- OFFSET keeps the planner from writing the cast to every place of its use.
CROSS JOIN LATERAL (SELECT s.histogram_bounds::text::text[] AS bounds OFFSET 0) h
{% endif -%}
WHERE s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema'
  AND c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I')
ORDER BY c.oid, s.attname, s.inherited

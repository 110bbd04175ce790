-- Before version 17 pg_stats did not show them. The kinds: 6 lengths, 7 bounds.
SELECT s.starelid::int8 AS relation, a.attname AS name, s.stainherit AS inherited,
       (CASE 6 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2
               WHEN s.stakind3 THEN s.stavalues3 WHEN s.stakind4 THEN s.stavalues4
               ELSE s.stavalues5 END)::text::text[] AS lengths,
       (CASE 6 WHEN s.stakind1 THEN s.stanumbers1 WHEN s.stakind2 THEN s.stanumbers2
               WHEN s.stakind3 THEN s.stanumbers3 WHEN s.stakind4 THEN s.stanumbers4
               ELSE s.stanumbers5 END)[1]::float8 AS empty_fraction,
       (CASE 7 WHEN s.stakind1 THEN s.stavalues1 WHEN s.stakind2 THEN s.stavalues2
               WHEN s.stakind3 THEN s.stavalues3 WHEN s.stakind4 THEN s.stavalues4
               ELSE s.stavalues5 END)::text::text[] AS bounds
FROM pg_statistic s
JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
JOIN pg_class c ON c.oid = s.starelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE 7 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

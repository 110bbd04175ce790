-- As bytes: these types have no input function before version 19, but their cast to bytea keeps
-- them whole. pg_stats_ext would show them to everybody, but not in a form that goes back.
SELECT n.nspname AS schema, s.stxname AS name,
       {% if v >= 15 %}x.stxdinherit{% else %}false{% endif %} AS inherited,
       encode(x.stxdndistinct::bytea, 'hex') AS ndistinct,
       encode(x.stxddependencies::bytea, 'hex') AS dependencies,
       encode(x.stxdmcv::bytea, 'hex') AS mcv
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
JOIN pg_statistic_ext_data x ON x.stxoid = s.oid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, s.stxname, 3

SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name,
       c.collprovider::text AS provider, c.collversion AS version,
       CASE WHEN c.collversion IS NOT NULL THEN pg_collation_actual_version(c.oid)
       END AS actual_version,
       -- Up to 14 a locale of ICU stands where one of libc does.
       {% if v >= 17 %}coalesce(c.colllocale, c.collcollate::text)
       {% elif v >= 15 %}coalesce(c.colliculocale, c.collcollate::text)
       {% else %}c.collcollate::text{% endif %} AS locale,
       c.collctype::text AS ctype, c.collisdeterministic AS deterministic,
       {% if v >= 16 %}c.collicurules{% else %}NULL::text{% endif %} AS rules,
       pg_get_userbyid(c.collowner) AS owner, obj_description(c.oid, 'pg_collation') AS comment
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
ORDER BY n.nspname, c.collname, c.collencoding

SELECT d.oid::int8 AS oid, d.datname AS name, pg_get_userbyid(d.datdba) AS owner,
       pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS "collate", d.datctype AS ctype,
       {% if v >= 15 %}d.datlocprovider::text{% else %}'c'{% endif %} AS provider,
       {% if v >= 15 %}d.datcollversion{% else %}NULL::text{% endif %} AS collation_version,
       {% if v >= 15 %}CASE WHEN d.datcollversion IS NOT NULL
            THEN pg_database_collation_actual_version(d.oid) END
       {% else %}NULL::text{% endif %} AS actual_collation_version,
       d.datistemplate AS is_template, d.datallowconn AS allows_connections,
       nullif(d.datconnlimit, -1) AS connection_limit, s.description AS comment,
       coalesce(d.datacl, acldefault('d', d.datdba))::text[] AS acl
FROM pg_database d
LEFT JOIN pg_shdescription s ON s.objoid = d.oid AND s.classoid = 'pg_database'::regclass
ORDER BY d.datname

SELECT line_number AS line,
       {% if v >= 16 %}
       CASE WHEN file_name <> (SELECT setting FROM pg_settings WHERE name = 'hba_file')
            THEN file_name END
       {% else %}NULL::text{% endif %} AS file,
       type, database AS databases, user_name AS users, address, netmask,
       auth_method AS method, options, error
FROM pg_hba_file_rules ORDER BY 2 NULLS FIRST, line_number

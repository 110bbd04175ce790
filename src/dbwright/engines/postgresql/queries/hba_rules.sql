SELECT line_number AS line, type, database AS databases, user_name AS users, address, netmask,
       auth_method AS method, options, error
FROM pg_hba_file_rules ORDER BY line_number

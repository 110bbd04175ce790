-- What the reading query sets for itself (SET LOCAL) says nothing about the server: such a row
-- has the source 'session', and reset_val holds what other sessions start with.
SELECT name,
       CASE WHEN source = 'session' THEN reset_val ELSE setting END AS value,
       unit, vartype AS type, context,
       CASE WHEN source <> 'session' THEN source
            WHEN reset_val IS NOT DISTINCT FROM boot_val THEN 'default'
            ELSE 'configuration' END AS source,
       boot_val AS "default", sourcefile AS source_file, pending_restart
FROM pg_settings
WHERE name <> 'application_name'
ORDER BY name

SELECT rolname AS name, rolpassword AS hash FROM pg_authid WHERE rolcanlogin ORDER BY rolname

SELECT spcname AS name, pg_get_userbyid(spcowner) AS owner, spcoptions AS options
FROM pg_tablespace ORDER BY spcname

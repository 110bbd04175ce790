SELECT gid AS name, prepared AS prepared_at, owner, database, age(transaction) AS xid_age
FROM pg_prepared_xacts ORDER BY prepared, gid

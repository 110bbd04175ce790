"""What a concurrent build waits for, looked at before it begins.

It waits for every transaction that has the table locked, and at its end for every older snapshot.
A prepared transaction does not end by itself: waiting for one would never end.
"""

from __future__ import annotations

from typing import Any

import psycopg

from dbwright.errors import MigrationRefused
from dbwright.migrate.runner.leftovers import qualified
from dbwright.progress import Progress
from dbwright.sql.parse import ParsedStatement

__all__ = ["look_before", "table_of"]

PREPARED = """
SELECT p.gid, p.owner, extract(epoch FROM now() - p.prepared)::integer
FROM pg_prepared_xacts p
-- Its locks have no process; what holds the lock of its number holds the others.
JOIN pg_locks x ON x.pid IS NULL AND x.transactionid = p.transaction AND x.granted
JOIN pg_locks l ON l.pid IS NULL AND l.virtualtransaction = x.virtualtransaction
WHERE p.database = current_database() AND l.locktype = 'relation' AND l.granted
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
  AND l.relation IN (SELECT to_regclass(%(name)s)::oid
                     UNION SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(%(name)s))
ORDER BY p.prepared
"""
OLD = """
SELECT pid, usename, application_name, state, extract(epoch FROM now() - xact_start)::integer
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
  AND backend_type = 'client backend' AND xact_start < now() - interval '5 seconds'
ORDER BY xact_start
"""
SHOWN = 3


def look_before(
    connection: psycopg.Connection[Any], parsed: ParsedStatement, place: str, progress: Progress
) -> None:
    """Name what the build will wait for. Raises MigrationRefused where that would never end."""
    name = table_of(parsed)
    row = connection.execute(PREPARED, {"name": name}).fetchone() if name else None
    if row is not None:
        gid, owner, seconds = row
        raise MigrationRefused(
            f"{place}: it would wait for ever: the prepared transaction {gid} of {owner}, there "
            f"for {seconds} s, has changed {name}",
            "end it with COMMIT PREPARED or ROLLBACK PREPARED, and run again",
        )
    found = connection.execute(OLD).fetchall()
    for pid, user, application, state, seconds in found[:SHOWN]:
        who = ", ".join(filter(None, (user, application)))
        progress(f"it will wait for pid {pid} ({who}), {state}, begun {seconds} s ago")


def table_of(parsed: ParsedStatement) -> str | None:
    """The table or index that the statement names first, as SQL; None where it names none."""
    node = parsed.node
    if "relation" in node:
        return qualified(node["relation"])
    if parsed.kind == "DropStmt":
        parts = [part["String"]["sval"] for part in node["objects"][0]["List"]["items"]]
        return qualified(
            {"schemaname": parts[-2] if len(parts) > 1 else None, "relname": parts[-1]}
        )
    return None

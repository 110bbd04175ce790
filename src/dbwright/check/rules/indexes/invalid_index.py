"""An index is invalid.

## What it finds

An index that `CREATE INDEX CONCURRENTLY`, `REINDEX CONCURRENTLY` or `DROP INDEX CONCURRENTLY` left
behind when it failed or was cancelled. One that is being built at this moment is left alone, as far
as the running sessions show it. The index of a partitioned table that is invalid because partitions
lack it is `indexes/index-not-attached`.

## Why it matters

No query uses it, but each write still keeps it up; and if it is unique, the rows that made it fail
are still there.

## How to fix

Build it again with `REINDEX INDEX CONCURRENTLY`. What a failed REINDEX left (its name ends with
`_ccnew` or `_ccold`, and maybe a number) is dropped. A unique one fails again while there are
duplicates: find them first with the query in the advice.

## When to ignore

Another session is building it, and dbwright could not see that session.

## Sources

- PostgreSQL manual, CREATE INDEX, Building Indexes Concurrently.
- PostgreSQL manual, REINDEX, Rebuilding Indexes Concurrently.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.index_drop import drop_index

TABLE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
INSERT INTO users VALUES (1, 'a@example.com', 'A'), (2, 'a@example.com', 'B');
"""

BAD = (
    Example(
        TABLE,
        sessions=(
            "CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email);",
            "DELETE FROM users WHERE id = 2;",
        ),
        objects=("public.users_email",),
    ),
    Example(
        TABLE,
        sessions=(
            "CREATE UNIQUE INDEX CONCURRENTLY users_email_ccnew1 ON users (email);",
            "SELECT 'stands for what a failed REINDEX CONCURRENTLY leaves';",
        ),
        objects=("public.users_email_ccnew1",),
        fix_mends=False,  # the fix does; its way back makes a unique index that fails again
    ),
)

GOOD = (
    Example(TABLE + "CREATE INDEX users_name ON users (name);"),
    Example(
        TABLE,
        sessions=(
            "BEGIN; INSERT INTO users VALUES (3, 'c@example.com', 'C');",
            "CREATE INDEX CONCURRENTLY users_name ON users (name);",
        ),
    ),
)


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def invalid_index(
    catalog: Catalog, statistics: Statistics | None, activity: Activity | None
) -> Iterator[Fault]:
    running: tuple[str, ...] | None = None
    indexed: tuple[Table | MaterializedView, ...] = catalog.tables + catalog.materialized_views
    for table in indexed:
        for index in table.indexes:
            if index.valid or index.partitioned:
                continue
            if running is None:
                running = _running(catalog, activity)
            if not any(_builds(query, table, index) for query in running):
                yield _fault(catalog, statistics, activity, table, index)


def _running(catalog: Catalog, activity: Activity | None) -> tuple[str, ...]:
    """The statements, in lower case, that work on some index CONCURRENTLY at this moment."""
    if activity is None:
        return ()
    queries = (
        session.query.lower()
        for session in activity.sessions
        if session.query
        and session.state == "active"
        and session.database == catalog.server.database
    )
    return tuple(query for query in queries if "concurrently" in query)


def _builds(query: str, table: Table | MaterializedView, index: Index) -> bool:
    """May the statement be building this very index? REINDEX may name a schema or a database."""
    return "reindex" in query or table.name.lower() in query or index.name.lower() in query


def _fault(
    catalog: Catalog,
    statistics: Statistics | None,
    activity: Activity | None,
    table: Table | MaterializedView,
    index: Index,
) -> Fault:
    counted = statistics.of_index(index) if statistics else None
    of_table = statistics.of(table) if statistics else None
    # A standby shows what its primary builds, but not the session that builds it.
    blind = (
        catalog.server.in_recovery
        or activity is None
        or any(session.is_client and session.query is None for session in activity.sessions)
    )
    left = _is_left_by_reindex(index)
    return Fault(
        object=index.ref,
        message=f"{index.qualified} on {table.qualified} is invalid: no query uses it"
        + (", and it does not guarantee unique values" if index.unique and not left else ""),
        evidence={
            "table": table.qualified,
            "unique": index.unique,
            "written_by_each_insert": index.ready,
            "size_bytes": counted.bytes if counted else None,
        },
        severity=Severity.ERROR if index.unique and not left else None,
        confidence=Confidence.MEDIUM if blind else None,
        fix=drop_index(index, table)
        if left
        else _reindex(index, of_table.heap_bytes if of_table else None),
        advice=_duplicates(table, index) if index.unique and not left else "",
    )


def _is_left_by_reindex(index: Index) -> bool:
    stem = index.name.rstrip("0123456789")
    return stem.endswith(("_ccnew", "_ccold"))


def _reindex(index: Index, table_bytes: int | None) -> Fix:
    return Fix(
        up=f"REINDEX INDEX CONCURRENTLY {index.qualified};",
        down="",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(table_bytes),
        risk="fails again while rows break it, and then leaves one more invalid index; there is "
        "nothing to take back",
    )


def _duplicates(table: Table | MaterializedView, index: Index) -> str:
    columns = [key.expression or quote(key.column or "") for key in index.keys]
    if any(key.column is None and key.expression is None for key in index.keys):
        return "Find and mend the duplicates first."
    keys = ", ".join(columns)
    where = f" WHERE {index.predicate}" if index.predicate else ""
    return (
        f"Find and mend the duplicates first: SELECT {keys}, count(*) FROM {table.qualified}"
        f"{where} GROUP BY {keys} HAVING count(*) > 1;"
    )

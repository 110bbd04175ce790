"""A table is UNLOGGED: a crash empties it.

## What it finds

Unlogged tables, and partitions that are unlogged, which are told together at their partitioned
table. A notice where the name says that the rows may be lost (cache, session, staging, queue …) or
the table is known to be empty.

## Why it matters

After a crash or an immediate shutdown the server empties an unlogged table, and on standbys, in
base backups restored elsewhere and in logical replication its rows do not exist at all.

## How to fix

`ALTER TABLE … SET LOGGED`. It writes the whole table again and into the write-ahead log, and
blocks reads and writes meanwhile.

## When to ignore

The rows can be made again from elsewhere: caches, sessions, tables that an import fills first.

## Sources

- PostgreSQL manual, CREATE TABLE, UNLOGGED: "an unlogged table is automatically truncated after a
  crash or unclean shutdown".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE UNLOGGED TABLE payments (id bigint PRIMARY KEY, amount numeric);
INSERT INTO payments VALUES (1, 10);
CREATE TABLE events (at date) PARTITION BY RANGE (at);
CREATE UNLOGGED TABLE events_2025 PARTITION OF events
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events
    FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
""",
    objects=("public.payments", "public.events"),
)

GOOD = """
CREATE TABLE payments (id bigint PRIMARY KEY, amount numeric);
CREATE TEMPORARY TABLE seen (id bigint);
"""

PASSING = frozenset(
    """
    buffer cache cached caches import imports load lock locks queue queues raw scratch session
    sessions stage staging temp tmp unlogged work
    """.split()
)
"""Words of a name that say: these rows may go."""

REWRITE_FACTOR = 3
"""The rows are read, written, and written to the log."""


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def unlogged_table(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for name, tables in _by_parent(catalog).items():
        shown = catalog.find_table(name) or tables[0]
        size = _size(tables, statistics)
        passing = size == 0 or not PASSING.isdisjoint(shown.name.lower().split("_"))
        yield Fault(
            object=shown.ref,
            message=_message(catalog, shown, tables),
            evidence={
                "size_bytes": size,
                **({"unlogged_partitions": len(tables)} if shown is not tables[0] else {}),
            },
            severity=Severity.NOTICE if passing else None,
            fix=_fix(catalog, tables, size),
        )


def _by_parent(catalog: Catalog) -> dict[str, list[Table]]:
    """Unlogged tables by the name they are told under: a partition's is its parent's."""
    found: dict[str, list[Table]] = {}
    for table in catalog.tables:
        # The mark on a partitioned table means nothing: it has no rows of its own.
        if table.persistence == "unlogged" and table.stores_rows:
            name = table.inherits[0] if table.is_partition and table.inherits else table.qualified
            found.setdefault(name, []).append(table)
    return found


def _message(catalog: Catalog, shown: Table, tables: list[Table]) -> str:
    if shown is tables[0]:
        return f"{shown.qualified} is unlogged: a crash empties it, and standbys don't have it"
    return (
        f"{len(tables)} of {len(catalog.children(shown))} partitions of {shown.qualified} are "
        "unlogged: a crash empties them, and standbys don't have them"
    )


def _size(tables: list[Table], statistics: Statistics | None) -> int | None:
    if statistics is None:
        return None
    counted = [statistics.of(table) for table in tables]
    sizes = [c.heap_bytes for c in counted if c is not None and c.heap_bytes is not None]
    return sum(sizes) if len(sizes) == len(tables) else None


def _fix(catalog: Catalog, tables: list[Table], size: int | None) -> Fix:
    order = _with_referenced(catalog, tables)
    seconds = scan_seconds(size)
    also = [table.qualified for table in order if table not in tables]
    return Fix(
        up="\n".join(f"ALTER TABLE {table.qualified} SET LOGGED;" for table in order),
        down="\n".join(f"ALTER TABLE {table.qualified} SET UNLOGGED;" for table in order[::-1]),
        lock=LockMode.ACCESS_EXCLUSIVE,
        rewrites=True,
        scans=True,
        seconds=None if seconds is None else round(seconds * REWRITE_FACTOR, 1),
        risk="writes the table again and blocks its readers meanwhile"
        + (f"; {', '.join(also)} must become logged first, which it references" if also else ""),
    )


def _with_referenced(catalog: Catalog, tables: list[Table]) -> list[Table]:
    """The tables, each after the unlogged ones that it references: a logged table may not
    reference an unlogged one."""
    order: list[Table] = []
    stack = [(table, False) for table in reversed(tables)]
    seen: set[int] = set()
    while stack:
        table, done = stack.pop()
        if done:
            order.append(table)
        elif table.oid not in seen and table.persistence == "unlogged":
            seen.add(table.oid)
            stack.append((table, True))
            referenced = (catalog.find_table(key.references) for key in table.foreign_keys)
            stack += [(other, False) for other in referenced if other is not None]
    return order

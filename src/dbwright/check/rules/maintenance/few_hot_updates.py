"""Most updates of a table write new index entries.

## What it finds

A table that is updated often, and of whose updates less than half are heap-only (HOT), where its
pages are filled to the brim (`fillfactor` 100), or where the workload shows which indexed column
the updates change. Partitions are reported together, at their partitioned table.

## Why it matters

An update that is not heap-only writes to every index of the table and leaves dead entries in each
for vacuum: several times the writes, and bloated indexes.

## How to fix

Leave room on the pages, so that the new row version fits next to the old one. If the updates change
an indexed column, ask whether that index is worth it: no room helps then.

## When to ignore

The updates must change indexed columns; or each row is updated once, long after it was written.

## Sources

- PostgreSQL manual, Heap-Only Tuples (HOT); CREATE TABLE, Storage Parameters: fillfactor.
- Release notes of 16: HOT updates if only BRIN-indexed columns change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import Stored, change_options, day, grouped
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.sql.updated_columns import indexes_of, updated_columns

TABLE = """
CREATE TABLE carts (id bigint PRIMARY KEY, items int, note text){with_};
INSERT INTO carts SELECT n, 0, repeat('x', 50) FROM generate_series(1, 3000) n;
CREATE INDEX ON carts (note);
"""

UPDATE = "UPDATE carts SET items = 1; SELECT pg_stat_force_next_flush();"

OPTIONS = {"min_updates": 1000}

BAD = Example(
    TABLE.format(with_="") + UPDATE, oldest=15, options=OPTIONS, objects=("public.carts",)
)

GOOD = Example(TABLE.format(with_=" WITH (fillfactor = 45)") + UPDATE, oldest=15, options=OPTIONS)

FILL_FACTOR = "90"


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("statistics.tables",),
    bad=BAD,
    good=GOOD,
)
def few_hot_updates(
    catalog: Catalog,
    statistics: Statistics,
    snapshot: Snapshot,
    *,
    min_updates: Annotated[int, "fewer updates don't matter"] = 100_000,
    max_share: Annotated[float, "of heap-only updates; with more it is fine"] = 0.5,
) -> Iterator[Fault]:
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    poor: list[Table] = []
    for table in catalog.tables:
        counted = statistics.of(table)
        if counted is None or counted.updated < min_updates or not table.stores_rows:
            continue
        # Without indexes nothing is lost.
        if table.indexes and counted.hot_updated < max_share * counted.updated:
            poor.append(table)
    changed = updated_columns(catalog, snapshot.workload) if poor else {}
    for top, members in grouped(catalog, poor):
        tables = tuple(member for member in members if isinstance(member, Table))
        blocking = indexes_of(catalog, tables[0], changed.get(top.qualified, frozenset()))
        full = [table for table in tables if int(table.option.get("fillfactor", "100")) > 90]
        if blocking or full:
            yield _fault(statistics, top, tables, full, blocking, changed)


def _fault(
    statistics: Statistics,
    top: Stored,
    tables: tuple[Table, ...],
    full: list[Table],
    blocking: tuple[str, ...],
    changed: Mapping[str, frozenset[str]],
) -> Fault:
    counts = [counted for table in tables if (counted := statistics.of(table)) is not None]
    updated = sum(counted.updated for counted in counts)
    hot = sum(counted.hot_updated for counted in counts)
    fixes = [change_options(table, {"fillfactor": FILL_FACTOR}) for table in full]
    why = f": updates change columns of {blocking[0]}" if blocking else ""
    name = top.qualified
    return Fault(
        object=top.ref,
        message=f"{hot / updated:.0%} of {updated:,} updates of {name} were heap-only{why}",
        evidence={
            "updates": updated,
            "hot_updates": hot,
            "counted_since": day(statistics.since),
            "indexes": sum(len(table.indexes) for table in tables),
            "blocked_by": blocking,
            "updated_columns": sorted(changed.get(name, ())),
            "tables": [table.qualified for table in tables],
        },
        confidence=Confidence.HIGH if blocking else None,
        fix=Fix(
            up="\n".join(fix.up for fix in fixes),
            down="\n".join(fix.down for fix in fixes),
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            risk="counts for pages written from now on, and the table grows by a tenth",
        )
        if not blocking
        else None,
        advice=f"Ask whether {', '.join(blocking)} is worth it: every update writes to all "
        "indexes because of it."
        if blocking
        else "If updates change indexed columns, room on the pages does not help.",
    )

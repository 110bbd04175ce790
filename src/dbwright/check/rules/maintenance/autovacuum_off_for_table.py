"""Autovacuum is switched off for a table.

## What it finds

The storage parameter `autovacuum_enabled = false` (or `toast.autovacuum_enabled = false`, for the
table's out-of-line values). Partitions are reported together, at their partitioned table.

## Why it matters

Nobody removes the table's dead rows or refreshes its statistics any more, except just before the
transaction ids run out: then a long vacuum comes at its own time.

## How to fix

Reset the parameter. If vacuum was in the way, make it gentler for this table
(`autovacuum_vacuum_cost_delay`) instead of switching it off.

## When to ignore

A table that is loaded, read and truncated by jobs that vacuum and analyze it themselves.

## Sources

- PostgreSQL manual, CREATE TABLE, Storage Parameters: autovacuum_enabled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import (
    Stored,
    change_options,
    grouped,
    is_off,
    named,
    stored,
)
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE jobs (id bigint PRIMARY KEY) WITH (autovacuum_enabled = off);
CREATE TABLE pages (id bigint PRIMARY KEY, html text) WITH (toast.autovacuum_enabled = false);
CREATE TABLE events (at date) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
    WITH (autovacuum_enabled = false, fillfactor = 90);
CREATE MATERIALIZED VIEW job_count WITH (autovacuum_enabled = false) AS SELECT count(*) FROM jobs;
""",
    objects=("public.jobs", "public.pages", "public.events", "public.job_count"),
)

GOOD = """
CREATE TABLE jobs (id bigint PRIMARY KEY)
    WITH (autovacuum_enabled = on, autovacuum_vacuum_cost_delay = 10);
"""

TOAST = "toast.autovacuum_enabled"


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def autovacuum_off_for_table(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    small_bytes: Annotated[int, "a table known to be smaller is only a notice"] = 1_000_000,
) -> Iterator[Fault]:
    off = {table.oid: names for table in stored(catalog) if (names := _off(table))}
    for top, members in grouped(catalog, (t for t in stored(catalog) if t.oid in off)):
        parameters = sorted({name for member in members for name in off[member.oid]})
        counts = [statistics.of(member) for member in members] if statistics else []
        sizes = [c.total_bytes for c in counts if c is not None and c.total_bytes is not None]
        size = sum(sizes) if sizes else None
        fixes = [change_options(m, dict.fromkeys(off[m.oid])) for m in members]
        yield Fault(
            object=top.ref,
            message=f"autovacuum is switched off for {named(top, members)}"
            + (" (its out-of-line values)" if parameters == [TOAST] else ""),
            evidence={
                "parameters": parameters,
                "tables": [member.qualified for member in members],
                "size_bytes": size,
                "dead_rows": sum(c.dead_rows for c in counts if c) if counts else None,
            },
            severity=Severity.NOTICE if size is not None and size < small_bytes else None,
            fix=Fix(
                up="\n".join(fix.up for fix in fixes),
                down="\n".join(fix.down for fix in fixes),
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                risk="autovacuum may start on the table at once",
            ),
        )


def _off(table: Stored) -> tuple[str, ...]:
    names: list[str] = []
    if is_off(table.options):
        names.append("autovacuum_enabled")
    if isinstance(table, Table) and is_off(table.toast_options):
        names.append(TOAST)
    return tuple(names)

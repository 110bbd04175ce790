"""A table's file is much larger than its rows.

## What it finds

A table of which at least half, and a noticeable size, is free space. The figure is an estimate from
column statistics that leans towards too little; dead rows that await vacuum don't count. With
`--data`, and where the extension pgstattuple is installed, it is measured.

## Why it matters

Sequential scans read the empty space too, it takes cache and backups, and vacuum gives it back to
the system only where it happens to be at the end of the file.

## How to fix

New rows fill the space again, so first stop the cause: old snapshots, lazy autovacuum, mass
deletes. To shrink the file, rewrite it online with pg_repack or pg_squeeze, or by VACUUM FULL in a
maintenance window: that locks out even readers. Old data is best dropped as partitions.

## When to ignore

The table fills up again soon, or shrinks and grows in turn, as a queue does.

## Sources

- PostgreSQL manual, Recovering Disk Space; pgstattuple; Database Page Layout.
- ioguix, "pgsql-bloat-estimation".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.maintenance._bloat import packed_pages
from dbwright.check.rules.maintenance._storage import Stored, day, stored
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import qualify
from dbwright.model.statistics import Statistics, TableStatistics

TABLE = """
CREATE TABLE jobs (id bigint PRIMARY KEY, note text, done boolean, at timestamptz){with_};
INSERT INTO jobs SELECT n, repeat('x', n % 60), true, now() FROM generate_series(1, {rows}) n;
"""

JOBS = TABLE.format(with_="", rows=20000)

VACUUM = """
SELECT pg_stat_force_next_flush();
VACUUM (ANALYZE) jobs;
"""

OPTIONS = {"min_wasted_bytes": 500_000, "notice_wasted_bytes": 0}

BAD = (
    Example(
        JOBS + "DELETE FROM jobs WHERE id % 10 > 0;" + VACUUM,
        oldest=15,
        options=OPTIONS,
        objects=("public.jobs",),
    ),
    Example(
        "CREATE EXTENSION pgstattuple;" + JOBS + "DELETE FROM jobs WHERE id % 10 > 0;" + VACUUM,
        extensions=("pgstattuple",),
        options=OPTIONS,
        objects=("public.jobs",),
    ),
    Example(
        TABLE.format(with_=" WITH (fillfactor = 10)", rows=2000)
        + "ALTER TABLE jobs RESET (fillfactor); ANALYZE jobs;",
        options=OPTIONS,
        objects=("public.jobs",),
    ),
)

GOOD = (
    Example(JOBS + "DELETE FROM jobs WHERE id % 3 = 0;" + VACUUM, oldest=15, options=OPTIONS),
    Example(
        TABLE.format(with_=" WITH (fillfactor = 10)", rows=2000) + "ANALYZE jobs;",
        options=OPTIONS,
    ),
    Example(
        "CREATE TABLE wide (a boolean, b bigint, c boolean, d bigint, e text, f numeric);"
        "INSERT INTO wide SELECT true, n, NULL, n, repeat('y', 1 + n % 900), n / 7.0 "
        "FROM generate_series(1, 5000) n; ANALYZE wide;",
        options={"min_wasted_bytes": 8192, "min_share": 0.2, "notice_wasted_bytes": 0},
    ),
)

MOVED = 0.2
"""With a file that changed more since the statistics were taken, the estimate says nothing."""

READ_BYTES = 500_000_000
"""So much of the tables is read, where it is measured."""


def questions(
    catalog: Catalog,
    *,
    min_wasted_bytes: Annotated[int, "less free space is left alone"] = 100_000_000,
) -> Iterator[Question]:
    extension = next((e for e in catalog.extensions if e.name == "pgstattuple"), None)
    if extension is None:
        return
    # It reads the pages that are not all-visible: those are what it costs.
    unseen = "greatest(c.relpages - c.relallvisible, 0)::int8 * current_setting('block_size')::int"
    yield Question(
        "free_space",
        f"SELECT c.oid::int8 AS oid, s.table_len AS size_bytes, "
        f"s.approx_free_space AS free_bytes FROM ("
        f"SELECT oid, sum(cost) OVER (ORDER BY cost, oid) AS cost FROM ("
        f"SELECT c.oid, {unseen} AS cost FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"JOIN pg_am a ON a.oid = c.relam AND a.amname = 'heap' "
        f"WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' "
        f"AND n.nspname <> 'information_schema' "
        f"AND c.relpages::int8 * current_setting('block_size')::int >= {min_wasted_bytes}) costs"
        f") c, LATERAL {qualify(extension.schema, 'pgstattuple_approx')}(c.oid) s "
        f"WHERE c.cost <= {READ_BYTES} LIMIT 1000",
    )


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.LOW,
    needs=("statistics.tables",),
    bad=BAD,
    good=GOOD,
    questions=questions,
    data_optional=True,
)
def bloated_table(
    catalog: Catalog,
    statistics: Statistics,
    answers: Answers,
    *,
    min_share: Annotated[float, "of the file that must be free"] = 0.5,
    min_wasted_bytes: Annotated[int, "less free space is left alone"] = 100_000_000,
    notice_wasted_bytes: Annotated[int, "less free space is only a notice"] = 1_000_000_000,
) -> Iterator[Fault]:
    measured = {row.oid: row for row in answers.get("free_space", ())}
    for table in stored(catalog):
        counted = statistics.of(table)
        if counted is None or not counted.heap_bytes or counted.heap_bytes < min_wasted_bytes:
            continue
        row = measured.get(table.oid)
        if row is not None:
            size, wasted = int(row.size_bytes), int(row.free_bytes) - _kept(table, row.size_bytes)
        else:
            size, wasted = counted.heap_bytes, _estimate(catalog, statistics, table, counted)
        if wasted < max(min_wasted_bytes, 1) or wasted < min_share * size:
            continue
        yield Fault(
            object=table.ref,
            message=f"{'' if row else 'about '}{wasted / size:.0%} of the {size:,} bytes of "
            f"{table.qualified} are free space",
            evidence={
                "size_bytes": size,
                "wasted_bytes": wasted,
                "measured": row is not None,
                "rows": None if counted.rows is None else round(counted.rows),
                "dead_rows": counted.dead_rows,
                "last_vacuum": day(counted.last_vacuum),
            },
            severity=Severity.NOTICE if wasted < notice_wasted_bytes else None,
            confidence=Confidence.HIGH if row is not None else None,
            advice="Stop the cause first; then rewrite it online with pg_repack or pg_squeeze, "
            "or in a maintenance window with the fix.",
            fix=_fix(table, counted),
        )


def _kept(table: Stored, size_bytes: int) -> int:
    """What the fill factor keeps free on purpose."""
    return int(size_bytes * (100 - int(dict(table.options).get("fillfactor", "100"))) / 100)


def _estimate(
    catalog: Catalog, statistics: Statistics, table: Stored, counted: TableStatistics
) -> int:
    """Free bytes; 0 where they can't be told."""
    block = catalog.server.block_size
    then, now = counted.pages * block, counted.heap_bytes or 0
    if counted.rows is None or abs(then - now) > MOVED * now:
        return 0
    if getattr(table, "access_method", None) not in (None, "heap"):
        return 0
    packed = packed_pages(statistics, table, counted.rows + counted.dead_rows, block)
    return 0 if packed is None else max(0, now - packed * block)


def _fix(table: Stored, counted: TableStatistics) -> Fix:
    seconds = scan_seconds(counted.total_bytes)
    return Fix(
        up=f"VACUUM (FULL, ANALYZE) {table.qualified};",
        down="",
        lock=LockMode.ACCESS_EXCLUSIVE,
        rewrites=True,
        scans=True,
        transactional=False,
        seconds=None if seconds is None else round(3 * seconds, 1),
        risk="nobody can read or write the table while it is rewritten, and the disk must have "
        "room for a second copy of it and its indexes",
    )

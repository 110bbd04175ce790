"""The index of a partitioned table is missing on partitions.

## What it finds

An index of a partitioned table that is invalid because partitions, at any depth, have no index
attached to it: it was made ON ONLY the parent, and the steps after that never came.

## Why it matters

The partitions that lack it are read whole, and a unique one guarantees nothing until every
partition has it. New partitions get it, so the fault hides where the old rows are.

## How to fix

Make the index on each partition CONCURRENTLY, and attach it; once the last one is attached, the
parent's index turns valid by itself. Indexes that fit already are only attached.

## When to ignore

While that work is under way.

## Sources

- PostgreSQL manual, Table Partitioning, Partition Maintenance: CREATE INDEX ON ONLY.
- PostgreSQL manual, ALTER INDEX, ATTACH PARTITION.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.indexes._partitioned import attach_missing, partitions_without
from dbwright.model.catalog import Catalog, Index, Table, TableKind
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.statistics import Statistics

TABLES = """
CREATE SCHEMA old;
CREATE TABLE visits (id bigint NOT NULL, at date NOT NULL, page text) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE old.visits PARTITION OF visits FOR VALUES FROM ('2000-01-01') TO ('2026-01-01')
    PARTITION BY RANGE (at);
CREATE TABLE old.visits_2025 PARTITION OF old.visits
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
"""

BAD = Example(
    TABLES
    + """
CREATE INDEX visits_page ON ONLY visits (page);
CREATE INDEX visits_2026_page ON visits_2026 (page);
ALTER TABLE ONLY visits ADD CONSTRAINT visits_id UNIQUE (id, at);
""",
    objects=("public.visits_page", "public.visits_id"),
)

GOOD = Example(
    TABLES
    + """
CREATE INDEX visits_page ON ONLY visits (page);
CREATE INDEX visits_2026_page ON visits_2026 (page);
CREATE INDEX old_visits_page ON old.visits (page);
ALTER INDEX visits_page ATTACH PARTITION visits_2026_page;
ALTER INDEX visits_page ATTACH PARTITION old.old_visits_page;
CREATE INDEX visits_at ON visits (at);
"""
)


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def index_not_attached(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.kind is not TableKind.PARTITIONED:
            continue
        for index in table.indexes:
            # An attached one is told at the top of its tree.
            if not index.partitioned or index.valid or index.parent is not None:
                continue
            missing = tuple(partitions_without(catalog, table, index))
            size = _size(statistics, missing)
            yield Fault(
                object=index.ref,
                message=f"{index.qualified} of {table.qualified} is invalid: "
                + _says(missing)
                + (", and it does not guarantee unique values" if index.unique else ""),
                evidence={
                    "table": table.qualified,
                    "partitions_without": [child.qualified for child in missing[:20]],
                    "partitions_without_count": len(missing),
                    "partitions_size_bytes": size,
                },
                severity=Severity.ERROR if index.unique else None,
                fix=_fix(catalog, table, index, size),
                advice=""
                if missing
                else "Look for an invalid index on a partition, build it again, then make the "
                "parent's index anew.",
            )


def _says(missing: tuple[Table, ...]) -> str:
    if not missing:
        return "all partitions have it, but one of theirs is invalid"
    if len(missing) == 1:
        return f"partition {missing[0].qualified} has no index attached to it"
    return f"{len(missing)} partitions have no index attached to it"


def _size(statistics: Statistics | None, tables: tuple[Table, ...]) -> int | None:
    if statistics is None:
        return None
    counted = [statistics.of(table) for table in tables]
    return sum(one.heap_bytes or 0 for one in counted if one)


def _fix(catalog: Catalog, table: Table, index: Index, size_bytes: int | None) -> Fix | None:
    if index.exclusion or not index.immediate:
        return None
    try:
        lines = attach_missing(catalog, table, index)
    except ValueError:
        return None
    if not lines:
        return None
    return Fix(
        up="\n".join(lines),
        down="",
        # ATTACH locks the partition's index, ADD CONSTRAINT … USING INDEX the partition: shortly.
        lock=LockMode.ACCESS_EXCLUSIVE,
        transactional=False,
        seconds=scan_seconds(size_bytes),
        risk="an attached index can't be detached: the way back is to drop the parent's index, "
        "and its partitions' with it",
    )

"""An index holds mostly NULLs.

## What it finds

A b-tree or hash index without a predicate, on one column that is NULL in at least
`min_null_fraction` of the rows. Never one that is unique or has further key columns:
`(deleted_at, user_id)` may well serve `deleted_at IS NULL AND user_id = …`.

## Why it matters

Every row has its entry, and nearly all of them are NULLs that no search by value ever reads: they
are written, vacuumed and cached for nothing.

## How to fix

Build a partial index, `WHERE column IS NOT NULL`, beside it, then drop it; both CONCURRENTLY.
PostgreSQL uses the partial one for `=`, `<`, `IN`, joins and foreign keys, since no NULL can match
those.

## When to ignore

Queries that sort by the column and want the NULLs too, or that look for the few NULLs of a column
that was NULL only when it was analyzed.

## Sources

- PostgreSQL manual, Partial Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.indexes._replaced import replace_index
from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import Severity
from dbwright.model.index_use import count
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

ORDERS = """
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text UNIQUE, refunded_at date);
INSERT INTO orders SELECT n, n % 100, NULL, CASE WHEN n % 50 = 0 THEN date '2026-01-01' + n % 365
                                            END FROM generate_series(1, 5000) n;
"""

PARTITIONED = """
CREATE TABLE visits (at date NOT NULL, failure text) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO visits SELECT date '2026-01-01' + n % 365, CASE WHEN n % 50 = 0 THEN 'late' || n END
FROM generate_series(1, 5000) n;
CREATE INDEX visits_failure ON visits (failure);
ANALYZE visits;
"""

BAD = (
    Example(
        ORDERS + "CREATE INDEX orders_refunded ON orders (refunded_at DESC); ANALYZE orders;",
        objects=("public.orders_refunded",),
        options={"min_bytes": 8192},
    ),
    Example(PARTITIONED, objects=("public.visits_failure",), options={"min_bytes": 8192}),
)

GOOD = Example(
    ORDERS
    + """
CREATE INDEX ON orders (refunded_at) WHERE refunded_at IS NOT NULL;
CREATE INDEX ON orders (refunded_at, user_id);
CREATE INDEX ON orders (user_id);
ANALYZE orders;
""",
    options={"min_bytes": 8192},
)


@rule(
    severity=Severity.NOTICE,
    needs=("statistics.columns",),
    bad=BAD,
    good=GOOD,
)
def mostly_null_not_partial(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_null_fraction: Annotated[float, "at least this share of the rows is NULL"] = 0.9,
    min_bytes: Annotated[int, "smaller indexes are left alone"] = 100_000,
    large_bytes: Annotated[int, "from this size on it is a warning"] = 100_000_000,
) -> Iterator[Fault]:
    sparse = {
        (column.table_oid, column.column)
        for column in statistics.columns
        if column.null_fraction >= min_null_fraction
    }
    for table in catalog.tables if sparse else ():
        for index in table.indexes:
            if not _is_candidate(index) or (table.oid, index.keys[0].column) not in sparse:
                continue
            column = index.keys[0].column or ""
            found = statistics.of_column(table, column)
            size = count(catalog, statistics, table, index).size_bytes
            if found is None or found.null_fraction < min_null_fraction:
                continue
            if size is not None and size < min_bytes:
                continue
            counted = statistics.of(table)
            yield Fault(
                object=index.ref,
                message=f"{index.qualified} holds NULL in {found.null_fraction:.0%} of its "
                "entries and is not partial",
                evidence={
                    "table": table.qualified,
                    "column": column,
                    "null_fraction": round(found.null_fraction, 4),
                    "size_bytes": size,
                },
                severity=Severity.WARNING if (size or 0) >= large_bytes else None,
                fix=replace_index(
                    catalog,
                    table,
                    index,
                    replace(index, partial=True, predicate=f"({quote(column)} IS NOT NULL)"),
                    size_bytes=counted.heap_bytes if counted else None,
                    risk="no query may need the NULLs from this index: look for IS NULL and for "
                    "ORDER BY on the column",
                ),
            )


def _is_candidate(index: Index) -> bool:
    return (
        len(index.keys) == 1
        and index.method in ("btree", "hash")
        and index.valid
        and not index.partial
        and not index.unique
        and not index.exclusion
        and not index.clustered
        and index.parent is None
    )

"""A materialized view has no unique index, so each refresh blocks its readers.

## What it finds

Materialized views without a valid unique index on plain columns and over all rows. A warning where
the view is larger than `large_bytes`, else a notice.

## Why it matters

REFRESH MATERIALIZED VIEW holds an ACCESS EXCLUSIVE lock while it runs the view's query: all
readers wait for its end. REFRESH … CONCURRENTLY does not block them, and needs such an index.

## How to fix

Make a unique index on the columns that tell its rows apart, and refresh CONCURRENTLY. The fix is
written where the statistics show one column without repeated or missing values.

## When to ignore

It is refreshed when nobody reads it, or the refresh takes a moment.

## Sources

- PostgreSQL manual, REFRESH MATERIALIZED VIEW, CONCURRENTLY: "only allowed if there is at least
  one UNIQUE index on the materialized view which uses only column names and includes all rows".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Index, MaterializedView
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.index_build import free_name

VIEW = """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, at date);
INSERT INTO orders SELECT n, 1, date '2026-01-01' + n / 10 FROM generate_series(1, 1000) n;
CREATE MATERIALIZED VIEW per_day AS SELECT at, sum(total) AS total FROM orders GROUP BY at;
"""

BAD = Example(
    VIEW + "CREATE UNIQUE INDEX ON per_day (at) WHERE total > 0; ANALYZE per_day;",
    objects=("public.per_day",),
)

GOOD = Example(VIEW + "CREATE UNIQUE INDEX ON per_day (at);")

KEY_TYPES = frozenset(
    (
        "smallint",
        "integer",
        "bigint",
        "uuid",
        "text",
        "character varying",
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
    )
)
"""Types of which keys are made."""


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def materialized_view_without_unique_index(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    large_bytes: Annotated[int, "a larger view is a warning"] = 100_000_000,
) -> Iterator[Fault]:
    for view in catalog.materialized_views:
        if any(_serves(index) for index in view.indexes):
            continue
        counted = statistics.of(view) if statistics else None
        size = counted.heap_bytes if counted else None
        yield Fault(
            object=view.ref,
            message=f"{view.qualified} has no unique index: each refresh blocks its readers",
            evidence={
                "size_bytes": size,
                "rows": counted.rows if counted else None,
                "indexes": [index.name for index in view.indexes],
            },
            severity=Severity.WARNING if size is not None and size > large_bytes else None,
            advice="Make a unique index on the columns that tell its rows apart, then refresh it "
            "CONCURRENTLY.",
            fix=_fix(catalog, view, statistics, size),
        )


def _serves(index: Index) -> bool:
    return index.unique and index.valid and not index.partial and None not in index.columns


def _fix(
    catalog: Catalog, view: MaterializedView, statistics: Statistics | None, size: int | None
) -> Fix | None:
    column = _distinct_column(view, statistics)
    if column is None:
        return None
    name = free_name(catalog, view.schema, f"{view.name}_{column}_key")
    return Fix(
        up=f"CREATE UNIQUE INDEX CONCURRENTLY {quote(name)} ON {view.qualified} ({quote(column)});",
        down=f"DROP INDEX CONCURRENTLY {quote(view.schema)}.{quote(name)};",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(size),
        risk="the column is unique in the sample that ANALYZE took: make sure that the query "
        "makes it so",
    )


def _distinct_column(view: MaterializedView, statistics: Statistics | None) -> str | None:
    """The first column that holds no value twice and no NULL, as far as is known."""
    if statistics is None:
        return None
    for column in view.columns:
        known = statistics.of_column(view, column)
        if (
            known is not None
            and column.base_type in KEY_TYPES
            and not column.is_array
            and known.distinct == -1
            and known.null_fraction == 0
        ):
            return column.name
    return None

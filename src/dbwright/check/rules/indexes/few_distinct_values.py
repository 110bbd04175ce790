"""An index on a column with very few values.

## What it finds

A b-tree or hash index on one column that holds at most `max_values` different values, each in a
large share of the rows, on a large table. Left alone: unique and partial indexes, those with
included columns, those that serve a foreign key, and columns whose values lie together on disk.
Where one of the values is rare, the index may serve that one, and a partial index would do it
better: that is a notice.

## Why it matters

Whichever value a query asks for, it must read so much of the table that reading it whole is faster;
the planner ignores the index, and each write still pays for it.

## How to fix

Drop it. If a query asks for this value among others, put the column behind a more selective one, or
into the predicate of a partial index: `CREATE INDEX … ON jobs (created_at) WHERE NOT done`.

## When to ignore

It is used for `count(*)` by value, which an index-only scan answers from the index alone: look at
its scans in the evidence. An index with scans is a notice.

## Sources

- PostgreSQL manual, Partial Indexes: "a query searching for a common value … will not use the
  index anyway".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.index_use import Counted, count
from dbwright.model.names import quote
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.sql.index_drop import drop_index

JOBS = """
CREATE TABLE jobs (id bigint PRIMARY KEY, state text NOT NULL, failed boolean, queue text);
INSERT INTO jobs SELECT n, CASE n * 7919 % 3 WHEN 0 THEN 'new' WHEN 1 THEN 'old' ELSE 'gone' END,
                        n % 200 = 0, 'queue ' || n * 7919 % 50 FROM generate_series(1, 5000) n;
"""

BAD = (
    Example(
        JOBS + "CREATE INDEX jobs_state ON jobs (state); ANALYZE jobs;",
        objects=("public.jobs_state",),
        options={"min_rows": 1000},
    ),
    Example(
        JOBS + "CREATE INDEX jobs_failed ON jobs (failed); ANALYZE jobs;",
        objects=("public.jobs_failed",),
        options={"min_rows": 1000},
        fix_mends=False,
    ),
)

GOOD = Example(
    """
CREATE TABLE states (name text PRIMARY KEY);
INSERT INTO states VALUES ('new'), ('old'), ('gone');
"""
    + JOBS
    + """
ALTER TABLE jobs ADD COLUMN kind text DEFAULT 'new' REFERENCES states, ADD COLUMN year int;
UPDATE jobs SET year = CASE WHEN id < 2500 THEN 2025 ELSE 2026 END;
VACUUM FULL jobs;
CREATE INDEX ON jobs (queue);
CREATE INDEX ON jobs (id) WHERE failed;
CREATE INDEX ON jobs (state, id);
CREATE INDEX ON jobs (kind);
CREATE INDEX ON jobs (year);
ANALYZE jobs;
""",
    options={"min_rows": 1000},
)


@rule(severity=Severity.WARNING, needs=("statistics.columns",), bad=BAD, good=GOOD)
def few_distinct_values(
    catalog: Catalog,
    statistics: Statistics,
    *,
    max_values: Annotated[int, "at most so many different values"] = 3,
    min_rows: Annotated[float, "smaller tables are left alone"] = 100_000,
    rare_fraction: Annotated[float, "a value in fewer rows than this may be worth an index"] = 0.05,
    max_correlation: Annotated[float, "from here on, equal values lie together on disk"] = 0.9,
) -> Iterator[Fault]:
    few = {
        (column.table_oid, column.column)
        for column in statistics.columns
        if 0 < column.distinct <= max_values
    }
    for table in catalog.tables if few else ():
        for index in table.indexes:
            if (table.oid, index.keys[0].column) not in few or not _is_candidate(table, index):
                continue
            counted = statistics.of(table)
            found = statistics.of_column(table, index.keys[0].column or "")
            if found is None or counted is None or counted.best_rows < min_rows:
                continue
            share = _rarest(found)
            if share is None or not 0 < found.distinct <= max_values:
                continue
            # One value in nearly all rows makes the correlation high, wherever the others lie.
            lie_together = abs(found.correlation or 0.0) >= max_correlation
            if found.distinct > 1 and share >= rare_fraction and lie_together:
                continue
            own = count(catalog, statistics, table, index)
            yield _fault(table, index, found, own, counted.best_rows, share, rare_fraction)


def _is_candidate(table: Table, index: Index) -> bool:
    return (
        len(index.keys) == 1
        and not index.include
        and index.method in ("btree", "hash")
        and index.valid
        and not index.unique
        and not index.partial
        and not index.backs_constraint
        and not index.clustered
        and index.parent is None
        and not any(key.columns == index.columns for key in table.foreign_keys)
    )


def _rarest(found: ColumnStatistics) -> float | None:
    """The share of the rows that hold the rarest value, NULL being one; None where unknown.

    Where nearly all is NULL the fault is `indexes/mostly-null-not-partial`.
    """
    if found.null_fraction >= 0.9 or not found.common_frequencies:
        return None
    shares = list(found.common_frequencies)
    missing = round(found.distinct) - len(shares)
    if missing > 0:
        shares.append(max(0.0, 1 - found.null_fraction - sum(shares)) / missing)
    if found.null_fraction > 0:
        shares.append(found.null_fraction)
    return min(shares)


def _fault(
    table: Table,
    index: Index,
    found: ColumnStatistics,
    own: Counted,
    rows: float,
    share: float,
    rare_fraction: float,
) -> Fault:
    values = round(found.distinct) + (found.null_fraction > 0)
    used = bool(own.scans)
    rare = share < rare_fraction
    column = quote(index.keys[0].column or "")
    which = "one value" if values == 1 else f"{values} values, the rarest in {share:.1%} of them"
    return Fault(
        object=index.ref,
        message=f"{index.qualified} is on a column that holds, in {rows:,.0f} rows, {which}",
        evidence={
            "table": table.qualified,
            "column": found.column,
            "values": values,
            "rarest_fraction": round(share, 4),
            "rows": rows,
            "scans": own.scans,
            "size_bytes": own.size_bytes,
        },
        severity=Severity.NOTICE if rare or used else None,
        confidence=Confidence.MEDIUM,
        fix=None if rare or used else drop_index(index, table),
        advice=f"If queries ask for the rare value of {column}, replace the index by a partial "
        "one: WHERE that value holds, on the columns that they sort or search by."
        if rare
        else "",
    )

"""An index is the beginning of another one.

## What it finds

A b-tree index that is not unique and whose keys are the first keys of another index of the table,
in the same order, with the same predicate, operator classes and collations. The longer one may
also hold the rest as included columns.

Never an index that is unique, backs a constraint, is the replica identity or the one that CLUSTER
uses, nor one whose predicate or operator class differs.

## Why it matters

A b-tree serves every query that uses its first keys only, so the shorter index adds a write to
each INSERT and most UPDATEs, disk and cache, and hardly anything else.

## How to fix

Drop the shorter one, CONCURRENTLY.

## When to ignore

The longer one is much larger (wide columns, or few distinct values that PostgreSQL 13 and later
store once in the shorter one) and the shorter one is busy: then it is smaller to read. Where the
sizes and the scans say so, the finding is a notice.

## Sources

- PostgreSQL manual, Multicolumn Indexes.
- PostgreSQL manual, B-Tree Indexes, Deduplication.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.index_use import count
from dbwright.model.redundant_indexes import Reason, redundant_indexes
from dbwright.model.statistics import Statistics
from dbwright.sql.index_drop import drop_index

BAD = Example(
    """
CREATE TABLE members (group_id bigint, user_id bigint, since date, role text,
                      PRIMARY KEY (group_id, user_id));
CREATE INDEX members_group ON members (group_id);
CREATE INDEX members_user ON members (user_id);
CREATE INDEX members_user_since ON members (user_id DESC, since);
CREATE INDEX members_role ON members (role);
CREATE INDEX members_role_since ON members (role) INCLUDE (since);
""",
    objects=("public.members_group", "public.members_role", "public.members_user"),
)

GOOD = """
CREATE TABLE orders (id bigint PRIMARY KEY, number bigint UNIQUE, user_id bigint, placed_at date,
                     code text, state text);
CREATE INDEX ON orders (number, placed_at);
CREATE INDEX ON orders (user_id, placed_at);
CREATE INDEX ON orders (placed_at, user_id);
CREATE INDEX ON orders (user_id) WHERE state = 'open';
CREATE INDEX ON orders (code text_pattern_ops);
CREATE INDEX ON orders (code, state);
CREATE INDEX ON orders (state) INCLUDE (code);
CREATE INDEX ON orders (state, user_id);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def prefix_of_another_index(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    larger_factor: Annotated[
        float, "only a notice if the longer index is so many times as large, and the other is used"
    ] = 3.0,
) -> Iterator[Fault]:
    for found in redundant_indexes(catalog, Reason.LONGER):
        index, keeper = found.index, found.keeper
        own = count(catalog, statistics, found.table, index)
        longer = count(catalog, statistics, found.table, keeper).size_bytes
        size = own.size_bytes
        worth_it = bool(size and longer and own.scans and longer >= larger_factor * size)
        yield Fault(
            object=index.ref,
            message=f"{index.qualified} is the beginning of {keeper.qualified}, "
            "which serves the same queries",
            evidence={
                "longer_index": keeper.qualified,
                "table": found.table.qualified,
                "size_bytes": size,
                "longer_index_size_bytes": longer,
                "scans": own.scans,
            },
            severity=Severity.NOTICE if worth_it else None,
            fix=drop_index(
                index,
                found.table,
                risk=f"its queries will read {keeper.qualified}, which is larger",
            ),
        )

"""An index includes a column that is one of its keys.

## What it finds

A b-tree index whose INCLUDE list names a column that is a key of the same index, or names a column
twice. Other access methods are left alone: a GiST key may be lossy, and then the included column
has its use.

## Why it matters

The value is stored twice in each entry of the leaf pages; a b-tree already gives back the values of
its keys, so no index-only scan needs the second one.

## How to fix

Build the index again without the repeated columns, then drop the old one; both CONCURRENTLY. If it
belongs to a constraint, the constraint must be made again.

## When to ignore

Never; but on a small table it hardly matters.

## Sources

- PostgreSQL manual, Index-Only Scans and Covering Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.indexes._replaced import replace_index
from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, placed_at date, "Total" numeric);
CREATE INDEX orders_user ON orders (user_id, placed_at) INCLUDE (placed_at, "Total");
CREATE INDEX orders_placed ON orders (placed_at) INCLUDE ("Total", "Total");
""",
    objects=("public.orders_user", "public.orders_placed"),
)

CONSTRAINT = Example(
    "CREATE TABLE orders (id bigint, CONSTRAINT orders_key PRIMARY KEY (id) INCLUDE (id));",
    objects=("public.orders_key",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric, spot point);
CREATE INDEX ON orders (user_id) INCLUDE (total);
CREATE INDEX ON orders (abs(total)) INCLUDE (total);
"""


@rule(severity=Severity.NOTICE, bad=(BAD, CONSTRAINT), good=GOOD)
def include_column_repeats_key(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for table in catalog.tables:
        for index in table.indexes:
            if not index.include or index.method != "btree" or index.parent is not None:
                continue
            needed = _needed(index)
            if len(needed) == len(index.include):
                continue
            repeated = [c for c in dict.fromkeys(index.include) if _is_repeated(index, c)]
            own = statistics.of_index(index) if statistics else None
            counted = statistics.of(table) if statistics else None
            yield Fault(
                object=index.ref,
                message=f"{index.qualified} includes {', '.join(map(quote, repeated))}, which it "
                "holds already",
                evidence={
                    "table": table.qualified,
                    "repeated_columns": repeated,
                    "size_bytes": own.bytes if own else None,
                },
                fix=replace_index(
                    catalog,
                    table,
                    index,
                    replace(index, include=needed),
                    size_bytes=counted.heap_bytes if counted else None,
                    risk="",
                ),
                advice="Make the constraint again without the repeated columns."
                if index.backs_constraint
                else "",
            )


def _needed(index: Index) -> tuple[str, ...]:
    """The included columns, each once, without the keys."""
    return tuple(c for c in dict.fromkeys(index.include) if c not in index.columns)


def _is_repeated(index: Index, column: str) -> bool:
    return column in index.columns or index.include.count(column) > 1

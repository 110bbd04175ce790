"""Statistics are switched off for a column that queries filter by.

## What it finds

`ALTER TABLE … ALTER COLUMN … SET STATISTICS 0` on a column of an index, of a foreign key or of the
partition key, and extended statistics with target 0: ANALYZE skips them.

## Why it matters

The planner knows nothing about the column's values and takes fixed guesses (half a percent of the
rows match an equality, a third a comparison), however wrong they are.

## How to fix

Set it back to the default, then analyze the table.

## When to ignore

A wide column that no query filters, joins or groups by: it is not reported.

## Sources

- PostgreSQL manual, ALTER TABLE, SET STATISTICS; Statistics Used by the Planner.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Fix, LockMode, ObjectRef, Severity
from dbwright.model.names import quote

BAD = (
    Example(
        """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users,
    state text,
    note text
);
CREATE INDEX ON orders (state);
ALTER TABLE orders ALTER state SET STATISTICS 0, ALTER user_id SET STATISTICS 0;
""",
        objects=("public.orders.state", "public.orders.user_id"),
    ),
    Example(
        """
CREATE TABLE places (city text, zip text);
CREATE STATISTICS city_zip ON city, zip FROM places;
ALTER STATISTICS city_zip SET STATISTICS 0;
""",
        oldest=13,
        objects=("public.city_zip",),
    ),
)

GOOD = """
CREATE TABLE orders (id bigint PRIMARY KEY, state text, note text);
CREATE INDEX ON orders (state);
ALTER TABLE orders ALTER note SET STATISTICS 0, ALTER state SET STATISTICS 500;
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def statistics_switched_off(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        for column in table.columns:
            if column.statistics_target != 0 or _told_above(catalog, table, column):
                continue
            if uses := _uses(table, column.name):
                yield _column(table, column, uses)
    for extended in catalog.extended_statistics:
        if extended.statistics_target == 0:
            yield Fault(
                object=ObjectRef("statistics object", extended.qualified),
                message=f"the extended statistics {extended.qualified} on {extended.table} are "
                "never filled: their target is 0",
                evidence={"table": extended.table, "columns": extended.columns},
                fix=Fix(
                    up=f"ALTER STATISTICS {extended.qualified} SET STATISTICS -1;",
                    down=f"ALTER STATISTICS {extended.qualified} SET STATISTICS 0;",
                    risk=f"counts after ANALYZE {extended.table}",
                ),
            )


def _told_above(catalog: Catalog, table: Table, column: Column) -> bool:
    """A partition's column whose partitioned table says the same."""
    if not table.is_partition or not table.inherits:
        return False
    parent = catalog.find_table(table.inherits[0])
    return parent is not None and any(
        above.name == column.name and above.statistics_target == 0 for above in parent.columns
    )


def _uses(table: Table, column: str) -> list[str]:
    uses = [f"index {index.qualified}" for index in table.indexes if column in index.columns]
    uses += [f"foreign key {quote(k.name)}" for k in table.foreign_keys if column in k.columns]
    if table.partition_key is not None and column in table.partition_key.columns:
        uses.append("the partition key")
    return uses


def _column(table: Table, column: Column, uses: list[str]) -> Fault:
    name = quote(column.name)
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{name} has no planner statistics, and is used by {uses[0]}"
        + (f" and {len(uses) - 1} more" if len(uses) > 1 else ""),
        evidence={"statistics_target": 0, "used_by": uses},
        fix=alter_table(
            table,
            f"ALTER COLUMN {name} SET STATISTICS -1",
            f"ALTER COLUMN {name} SET STATISTICS 0",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            risk=f"counts after ANALYZE {table.qualified}",
        ),
    )

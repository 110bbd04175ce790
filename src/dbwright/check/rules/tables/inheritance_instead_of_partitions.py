"""Tables inherit from a parent with INHERITS, not as partitions.

## What it finds

Tables with children made by INHERITS. A warning where the children look like partitions made by
hand (`min_children` or more, without columns of their own); else a notice. Chunks of TimescaleDB
are left out: they are its own business.

## Why it matters

A primary key, unique or foreign key constraint holds for the parent's own rows only, so the same
key may be in two children; rows go where the INSERT says and not where they belong; and planning
looks at the children's CHECK constraints one by one.

## How to fix

Make a partitioned table beside it and ATTACH the children as its partitions: with a CHECK
constraint that implies the bounds this reads no rows. Then swap the names.

## When to ignore

The children are different things with columns of their own, and no key has to hold for all.

## Sources

- PostgreSQL manual, Inheritance, Caveats; Partitioning Using Inheritance.
- PostgreSQL wiki, Don't Do This: "Don't use table inheritance".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Severity

BAD = Example(
    """
CREATE TABLE events (id bigint PRIMARY KEY, at date);
CREATE TABLE events_2025 (CHECK (at < '2026-01-01')) INHERITS (events);
CREATE TABLE events_2026 (CHECK (at >= '2026-01-01')) INHERITS (events);
""",
    objects=("public.events",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE events (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""

CHUNKS = "_timescaledb_internal"


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def inheritance_instead_of_partitions(
    catalog: Catalog,
    *,
    min_children: Annotated[int, "fewer children are a notice"] = 2,
) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.partition_key is not None:
            continue
        children = [
            child
            for child in catalog.children(table)
            if not child.is_partition and child.schema != CHUNKS
        ]
        if not children:
            continue
        alike = sum(all(column.inherited for column in child.columns) for child in children)
        keys = [key.name for key in table.keys] + [key.name for key in table.foreign_keys]
        yield Fault(
            object=table.ref,
            message=_message(table, len(children), len(keys)),
            evidence={
                "children": len(children),
                "children_without_own_columns": alike,
                "constraints_of_parent_alone": keys,
            },
            severity=None if alike >= min_children else Severity.NOTICE,
            advice="Make a partitioned table beside it and attach the children as partitions; or "
            "make independent tables of children that are different things.",
        )


def _message(table: Table, children: int, keys: int) -> str:
    some = "table inherits" if children == 1 else "tables inherit"
    text = f"{children} {some} from {table.qualified} by INHERITS"
    if keys == 1:
        return f"{text}, whose key constraint does not hold for their rows"
    return f"{text}, whose {keys} key constraints do not hold for their rows" if keys else text

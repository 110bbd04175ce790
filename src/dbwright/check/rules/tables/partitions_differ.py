"""Some partitions lack what their siblings have.

## What it finds

An index, a foreign key or a trigger that stands on at least half of a table's partitions (and on
three or more), made on each of them and not on the partitioned table, and that some partitions
lack. An index is a notice: old or new partitions may do without it by intent.

## Why it matters

What is made on single partitions does not come with a new one: sooner or later one is forgotten,
and there queries are slow, rows point to nothing, or changes pass the trigger by.

## How to fix

Make it on the partitions that lack it, as the fix does; better, make it once on the partitioned
table, which takes over equal indexes and keys of its partitions and gives them to new ones.

## When to ignore

The partitions differ by intent: read-only ones with more indexes, the newest with fewer.

## Sources

- PostgreSQL manual, Partition Maintenance; CREATE INDEX, Notes on partitioned tables.
- PostgreSQL 13 release notes: BEFORE row triggers on partitioned tables; before, they had to be
  made on each partition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Annotated, Any

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.tables._siblings import KINDS, Kind
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Severity

TABLE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (user_id bigint, year integer) PARTITION BY LIST (year);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES IN (2024);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES IN (2025);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES IN (2026);
CREATE TABLE events_2027 PARTITION OF events FOR VALUES IN (2027);
"""

BAD = Example(
    TABLE
    + """
CREATE INDEX ON events_2024 (user_id) WHERE year > 2000;
CREATE INDEX ON events_2025 (user_id) WHERE year > 2000;
CREATE INDEX ON events_2026 (user_id) WHERE year > 2000;
ALTER TABLE events_2024 ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE events_2025 ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE events_2027 ADD FOREIGN KEY (user_id) REFERENCES users;
""",
    objects=("public.events", "public.events"),
)

GOOD = Example(
    TABLE
    + """
CREATE INDEX ON events (user_id);
ALTER TABLE events ADD FOREIGN KEY (user_id) REFERENCES users;
CREATE INDEX ON events_2024 (year, user_id);
"""
)

AT_MOST = 20
"""A fix for more partitions is better made on their parent."""


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def partitions_differ(
    catalog: Catalog,
    *,
    min_share: Annotated[float, "so many of the siblings must have it, of 1"] = 0.5,
    min_siblings: Annotated[int, "and at least so many"] = 3,
) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.partition_key is None:
            continue
        partitions = [child for child in catalog.children(table) if child.stores_rows]
        enough = max(min_siblings, min_share * len(partitions))
        if len(partitions) <= enough:
            continue
        for kind in KINDS:
            yield from _faults(catalog, table, partitions, kind, enough)


def _faults(
    catalog: Catalog, table: Table, partitions: list[Table], kind: Kind, enough: float
) -> Iterator[Fault]:
    own: dict[Hashable, Any] = {}
    for partition in partitions:
        for thing in kind.of(partition):
            if kind.own(thing):
                own.setdefault(kind.key(thing), thing)
    if not own:
        return
    having = [{kind.key(thing) for thing in kind.of(partition)} for partition in partitions]
    counts = Counter(key for keys in having for key in keys)
    for key, thing in own.items():
        if not enough <= counts[key] < len(partitions):
            continue
        text = kind.text(thing)
        if text is None:
            continue
        lacking = [p for p, keys in zip(partitions, having, strict=True) if key not in keys]
        yield Fault(
            object=table.ref,
            message=f"{len(lacking)} of {len(partitions)} partitions of {table.qualified} lack "
            f"the {kind.word} {text}, which the others have",
            evidence={
                "partitions": len(partitions),
                "partitions_without": len(lacking),
                "lacking": [partition.qualified for partition in lacking[:AT_MOST]],
            },
            severity=kind.severity,
            detail=f"{kind.word} {text}",
            advice=f"Make the {kind.word} on {table.qualified} itself, so that every new "
            "partition gets it.",
            fix=kind.fix(catalog, lacking, thing) if len(lacking) <= AT_MOST else None,
        )

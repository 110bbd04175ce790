"""A query reads all partitions although few of them hold its rows.

## What it finds

An Append over every partition of a table, where most gave no row, or where a condition names the
partition key in a form that can't rule partitions out (inside a function or a cast).

## Why it matters

Each partition is planned, locked, opened and searched. With hundreds of them that alone takes
longer than the rest.

## How to fix

Compare the bare key column with a constant, a parameter or a stable expression: `at >= '2024-01-01'
AND at < '2024-02-01'` instead of `date_trunc('month', at) = '2024-01-01'`. Where the query has no
condition on the key, add one if the rows that are wanted allow it.

## When to ignore

The rows are really spread over all partitions.

## Sources

- PostgreSQL manual, Partition Pruning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Severity
from dbwright.model.partitions import partition_leaves, partition_root
from dbwright.model.plan import Plan, PlanNode
from dbwright.sql.lexer import significant
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._tables import table_of
from dbwright.tune.plans.insights._words import share_of_time

PARTS = """
CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM ('2024-04-01') TO ('2024-05-01');
INSERT INTO events SELECT n, date '2024-01-01' + n % 120 FROM generate_series(1, 2000) n;
ANALYZE events;
"""

BAD = PlanExample(
    "SELECT * FROM events WHERE date_trunc('month', at) = '2024-02-01'",
    PARTS,
    object="public.events",
)
GOOD = (
    PlanExample("SELECT * FROM events WHERE at >= '2024-02-01' AND at < '2024-03-01'", PARTS),
    PlanExample("SELECT count(*) FROM events", PARTS),
)


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD, analyzed=False)
def partitions_not_pruned(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_partitions: Annotated[int, "that are read"] = 4,
    min_empty_fraction: Annotated[float, "of the partitions read that gave no row"] = 0.7,
) -> Iterator[PlanFault]:
    if catalog is None:
        return
    for node in plan.nodes:
        if node.kind not in ("Append", "Merge Append") or node.subplans_removed:
            continue
        scans = _scans(node)
        parent = _parent(catalog, scans)
        if parent is None or len(scans) < max(min_partitions, _parts(catalog, parent)):
            continue
        wrapped = _names_key(parent, scans)
        empty = sum(scan.executed and not scan.actual_rows for scan in scans)
        if not wrapped and not (plan.analyzed and empty >= min_empty_fraction * len(scans)):
            continue
        if plan.analyzed and not empty:
            continue  # every one of them holds rows that are wanted
        key = ", ".join(column or "an expression" for column in _key(parent))
        yield PlanFault(
            node,
            f"all {len(scans)} partitions of {parent.qualified} are read"
            + (f", and {empty} of them gave no row" if plan.analyzed else ""),
            {
                "partitions_read": len(scans),
                "partitions_without_rows": empty if plan.analyzed else None,
                "partition_key": key,
                "filter": scans[0].filter,
                **share_of_time(plan, node),
            },
            f"The condition hides the partition key ({key}) in an expression: compare the bare "
            "column with constants."
            if wrapped
            else f"Add a condition on the partition key ({key}).",
            object=parent.ref,
        )


def _scans(node: PlanNode) -> list[PlanNode]:
    """The scans of tables below it, one for each of its members."""
    found = []
    for member in node.children:
        scan = next((each for each in member.walk() if each.relation), None)
        if member.parent_relationship == "Member" and scan is not None:
            found.append(scan)
    return found


def _parent(catalog: Catalog, scans: list[PlanNode]) -> Table | None:
    """The partitioned table that all of them are partitions of."""
    tables = [table_of(catalog, scan) for scan in scans]
    tops = {partition_root(catalog, table).qualified for table in tables if table is not None}
    if len(tops) != 1 or None in tables:
        return None
    top = catalog.table(tops.pop())
    return top if top.kind is TableKind.PARTITIONED else None


def _parts(catalog: Catalog, table: Table) -> int:
    return sum(1 for _ in partition_leaves(catalog, table))


def _key(parent: Table) -> tuple[str | None, ...]:
    return parent.partition_key.columns if parent.partition_key is not None else ()


def _names_key(parent: Table, scans: list[PlanNode]) -> bool:
    """Does a filter name a column of the key?"""
    key = {column for column in _key(parent) if column is not None}
    filters = (scan.filter for scan in scans)
    return any(
        token.text.strip('"') in key
        for text in filters
        for token in significant(text)
        if token.kind in ("word", "identifier")
    )

"""An index scan goes to the table for a column or two that the index could hold.

## What it finds

An index scan over many rows that returns few columns, all but one or two of which are in the
index, and that took a tenth of the time or more. It takes EXPLAIN (VERBOSE), which says what a node
returns.

## Why it matters

An index that holds all columns answers without the table, where VACUUM keeps it all-visible: fewer
and adjacent pages instead of one for each row.

## How to fix

Create the index with the missing columns in INCLUDE, then drop the old one if nothing else needs
it: `dbwright check` tells when one is the prefix of another.

## When to ignore

The missing columns are wide, or change often (each change then writes the index as well, and is no
longer a HOT update).

## Sources

- PostgreSQL manual, Index-Only Scans and Covering Indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.sql.lexer import significant
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight
from dbwright.tune.plans.insights._tables import create_index, index_of, index_ref
from dbwright.tune.plans.insights._words import count, share_of_time

ROWS = """
CREATE TABLE orders (id int, customer int, total int, note text, placed date);
INSERT INTO orders
    SELECT n, n % 100, n, repeat('x', 60), '2024-01-01' FROM generate_series(1, 5000) n;
CREATE INDEX orders_customer ON orders (customer);
VACUUM ANALYZE orders;
"""
SCAN = {"enable_seqscan": "off", "enable_bitmapscan": "off"}

BAD = PlanExample(
    "SELECT sum(total) FROM orders WHERE customer < 50",
    ROWS,
    SCAN,
    object="public.orders_customer",
    fix_mends=True,
)
GOOD = PlanExample("SELECT * FROM orders WHERE customer < 50", ROWS, SCAN)


@insight(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def index_scan_could_be_index_only(
    plan: Plan,
    catalog: Catalog | None,
    *,
    min_rows: Annotated[float, "fetched from the table, of all loops"] = 1000,
    max_missing: Annotated[int, "columns that the index lacks"] = 2,
    min_share: Annotated[float, "of the plan's time, where it was timed"] = 0.1,
) -> Iterator[PlanFault]:
    for node in plan.nodes:
        fetched = (node.total_rows or 0.0) + node.removed_by_filter
        found = index_of(catalog, node)
        if node.kind != "Index Scan" or not node.output or fetched < min_rows or found is None:
            continue
        if plan.timed and (plan.share(node) or 0.0) < min_share:
            continue
        table, index = found
        used = _columns(plan, table, node)
        missing = tuple(name for name in used if name not in (*index.columns, *index.include))
        if index.method != "btree" or None in index.columns or index.partial:
            continue
        if len(used) == len(table.columns) or not 0 < len(missing) <= max_missing:
            continue
        yield PlanFault(
            node,
            f"the scan of {node.index} fetched {count(fetched)} rows from the table for "
            f"{' and '.join(missing)} alone",
            {
                "rows": int(fetched),
                "columns_missing": list(missing),
                "columns_in_index": [name for name in index.columns if name],
                **share_of_time(plan, node),
            },
            _advice(index),
            _fix(catalog, table, index, missing),
            index_ref(node),
        )


def _advice(index: Index) -> str:
    if index.constraint:
        return f"It is one index more: {index.name} backs the constraint {index.constraint}."
    return "With the new index the old one may be dropped."


def _columns(plan: Plan, table: Table, node: PlanNode) -> tuple[str, ...]:
    """Columns of the table that the query needs from the node, in the table's order.

    A scan that needs no projection returns whole rows, wanted or not: then the nodes above it tell.
    """
    names = [column.name for column in table.columns]
    alone = sum(bool(each.relation) for each in plan.nodes) == 1
    used = _named((node.filter, node.index_condition), node, alone)
    for each in (node, *plan.ancestors(node)):
        returned = _named(each.output, node, alone)
        if each.number == 0 or not returned.issuperset(names):
            used |= returned
        used |= _named(_conditions(each), node, alone)
    return tuple(name for name in names if name in used)


def _conditions(node: PlanNode) -> tuple[str, ...]:
    texts = (node.filter, node.join_filter, node.hash_condition, node.merge_condition)
    return (*texts, *node.sort_key, *node.group_key)


def _named(texts: Iterable[str], node: PlanNode, alone: bool) -> set[str]:
    """Columns that the texts name: `alias.column`, or bare where there is no other table."""
    found: set[str] = set()
    for text in texts:
        words = list(significant(text))
        for place, token in enumerate(words):
            if token.kind not in ("word", "identifier"):
                continue
            qualified = place > 1 and words[place - 1].text == "."
            owner = words[place - 2].text if qualified else ""
            if owner == quote(node.alias) or (alone and not qualified):
                found.add(_plain(token.text))
    return found


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _fix(
    catalog: Catalog | None, table: Table, index: Index, missing: tuple[str, ...]
) -> Fix | None:
    """The same index with the missing columns; None for one that has directions or classes."""
    plain = all(key.default_operator_class and not key.nulls_first for key in index.keys)
    if catalog is None or not plain or any(key.collation for key in index.keys):
        return None
    keys = [f"{key.column} DESC" if key.descending else f"{key.column}" for key in index.keys]
    return create_index(catalog, table, keys, (*index.include, *missing))

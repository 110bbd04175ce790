"""OR over several columns of one table keeps an index from leading to its rows.

## What it finds

`WHERE customer_id = 7 OR coupon_id IN (SELECT …)`, and any other OR whose arms are about one table
and different columns of it.

## Why it matters

The server joins the bitmaps of several indexes where each arm is a plain comparison. With a
subquery in one of the arms, or where rows are wanted in the order of an index, it can't, and reads
the whole table.

## How to fix

A query for each arm, put together with UNION ALL in the place of the table. Each later one leaves
out what an earlier one gave (`AND (…) IS NOT TRUE`), so that no row comes twice, none is lost, and
no key is needed to tell them apart. It pays where each arm has its index: one that is missing is
advised for the rewritten query, not for this one.

## When to ignore

Most rows meet the condition.

## Sources

- PostgreSQL manual, Combining Multiple Indexes; Combining Queries.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._arms import arms_of, of_each_arm, united
from dbwright.tune.rewrites.rules._groups import (
    PLAIN,
    all_columns,
    reads_system_column,
    subselect,
)
from dbwright.tune.rewrites.rules._parts import calls_odd, is_conjunct
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Named, Source
from dbwright.tune.rewrites.trees import Path, all_of, at, conjuncts, put

BAD = (
    RewriteExample(
        "SELECT id, total FROM orders WHERE due = '2024-05-17' OR customer_id IN "
        "(SELECT c.id FROM customers c WHERE c.email = 'c7')",
        SHOP,
    ),
    RewriteExample(
        "SELECT count(*) FROM orders o WHERE o.id = 7 OR EXISTS "
        "(SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.email = 'c8')",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE customer_id = 7 OR customer_id = 8", SHOP),
    RewriteExample(
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE o.total = 1 OR c.email = 'c7'",
        SHOP,
    ),
    RewriteExample(
        "SELECT id FROM orders WHERE customer_id = 7 OR placed = '2024-05-17' FOR UPDATE", SHOP
    ),
    RewriteExample("SELECT id FROM orders WHERE customer_id = 7 OR random() < 0.5", SHOP),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def or_over_columns(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        if level.set_operation or level.fields.get("lockingClause") or reads_system_column(level):
            continue
        for path, kind, _ in source.expressions(level):
            if kind != "BoolExpr" or not is_conjunct(level, path):
                continue
            arms = arms_of(at(source.tree, path))
            item = None if arms is None else _about(source, level, path, arms)
            text = None if item is None else _apart(source, level, item, path)
            if text is not None:
                yield Rewritten(text, "each row comes from the first arm that is true for it")


def _about(source: Source, level: Level, path: Path, arms: list[Node]) -> Item | None:
    """The one table of the level that all arms of the OR are about, by different columns."""
    read: list[frozenset[str]] = []
    items: dict[Path, Item] = {}
    for number in range(len(arms)):
        columns: set[str] = set()
        for named in _named(source, level, (*path, "BoolExpr", "args", number)):
            if named is None:
                return None
            if named.level.path == level.path:
                items[named.item.path] = named.item
                columns.add(named.column.name)
        read.append(frozenset(columns))
    if len(items) != 1 or not all(read) or len(set(read)) == 1 or calls_odd(arms):
        return None
    (item,) = items.values()
    return None if item.nullable else item


def _named(source: Source, level: Level, path: Path) -> Iterator[Named | None]:
    """What each column name below the path means, those of subqueries as well."""
    for other in source.levels:
        if other.path[: len(level.path)] != level.path:
            continue
        for place, kind, fields in source.expressions(other):
            column = kind == "ColumnRef" and "A_Star" not in fields["fields"][-1]
            if column and place[: len(path)] == path:
                yield other.named(fields)


def _apart(source: Source, level: Level, item: Item, path: Path) -> str | None:
    """With the rows of each arm in the place of the table."""
    condition = at(source.tree, path)
    arms = arms_of(condition)
    assert arms is not None
    parts: list[Node] = [
        {
            "targetList": all_columns(item.alias),
            "fromClause": [at(source.tree, item.path)],
            "whereClause": asked,
            **PLAIN,
        }
        for asked in of_each_arm(arms)
    ]
    rows = subselect({"SelectStmt": united(parts)}, item.alias)
    left = all_of([c for c in conjuncts(level.fields["whereClause"]) if c is not condition])
    tree = put(source.tree, item.path, rows)
    fields = {**at(tree, level.path), "whereClause": left}
    if left is None:
        del fields["whereClause"]
    return source.with_tree(put(tree, level.path, fields))

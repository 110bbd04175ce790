"""OR over columns of different tables leaves the planner no index to begin with.

## What it finds

`WHERE c.email = 'x' OR o.status = 'y'` in a join: the arms of the OR are about different tables;
and `JOIN o ON o.customer_id = c.id OR o.payer_id = c.id`: each arm would be a join of its own.

## Why it matters

Neither table can be filtered before the join, so all rows are joined and nearly all are thrown
away. Each arm alone would begin with its index.

## How to fix

A query for each arm, put together with UNION ALL. Each later one leaves out what an earlier one
gave (`AND (…) IS NOT TRUE`), so that no row comes twice and none is lost.

## When to ignore

Most rows meet the condition.

## Sources

- PostgreSQL manual, Combining Queries; Combining Multiple Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._arms import arms_of, of_each_arm, united
from dbwright.tune.rewrites.rules._parts import (
    all_named,
    calls_aggregate,
    calls_odd,
    inner_join_conditions,
)
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, all_of, at, conjuncts, put

BAD = (
    RewriteExample(
        "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17'",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.name, o.id FROM customers c JOIN orders o "
        "ON o.customer_id = c.id OR o.id = c.referrer WHERE o.due = '2024-05-17'",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE customer_id = 1 OR placed = '2024-05-17'", SHOP),
    RewriteExample(
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17'",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def or_across_relations(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    level = source.levels[0]
    targets = level.fields.get("targetList", [])
    if not level.plain or level.fields.get("sortClause"):
        return
    if calls_aggregate(targets) or calls_odd(targets):
        return
    filters = conjuncts(level.fields.get("whereClause"))
    for condition in filters:
        yield from _apart(source, level, condition, filters, level.fields["fromClause"])
    joined = inner_join_conditions(level) or []
    listed = [at(source.tree, item.path) for item in level.items]
    for condition in joined:  # without JOIN … ON all conditions stand in WHERE
        yield from _apart(source, level, condition, [*joined, *filters], listed)


def _apart(
    source: Source, level: Level, condition: Node, conditions: list[Node], from_: list[Node]
) -> Iterator[Rewritten]:
    """A query for each arm of the condition, if it is an OR over several relations."""
    arms = arms_of(condition)
    if arms is None or not _across(level, arms):
        return
    others = [other for other in conditions if other is not condition]
    parts: list[Node] = [
        {**level.fields, "fromClause": from_, "whereClause": all_of([*others, asked])}
        for asked in of_each_arm(arms)
    ]
    text = source.with_tree(put(source.tree, level.path, united(parts)))
    if text is not None:
        yield Rewritten(text, "each row comes from the first arm that is true for it")


def _across(level: Level, arms: list[Node]) -> bool:
    """Are the arms about different relations, or does each of them join some?"""
    read: list[frozenset[Path]] = []
    for arm in arms:
        named = all_named(level, arm)
        if not named or calls_odd(arm):
            return False
        read.append(frozenset(n.item.path for n in named if n.level.path == level.path))
    return len(set(read)) > 1 or all(len(items) > 1 for items in read)

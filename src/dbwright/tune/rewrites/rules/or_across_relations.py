"""OR over columns of different tables leaves the planner no index to begin with.

## What it finds

`WHERE c.email = 'x' OR o.status = 'y'` in a join: the arms of the OR are about different tables.

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
from dbwright.tune.rewrites.rules._parts import all_named, calls_aggregate, calls_odd
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, all_of, conjuncts, put

MOST_ARMS = 4

BAD = RewriteExample(
    "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id "
    "WHERE c.email = 'c7' OR o.placed = '2024-05-17'",
    SHOP,
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
    conditions = conjuncts(level.fields.get("whereClause"))
    for number, condition in enumerate(conditions):
        arms = _arms(level, condition)
        if arms is None:
            continue
        others = [*conditions[:number], *conditions[number + 1 :]]
        parts: list[Node] = [
            {**level.fields, "whereClause": all_of([*others, arm, *map(_not_true, arms[:n])])}
            for n, arm in enumerate(arms)
        ]
        text = source.with_tree(put(source.tree, level.path, _united(parts)))
        if text is not None:
            yield Rewritten(text, "each row comes from the first arm that is true for it")


def _arms(level: Level, condition: Node) -> list[Node] | None:
    """The arms of an OR over several relations of the level."""
    fields = condition.get("BoolExpr")
    if fields is None or fields["boolop"] != "OR_EXPR" or len(fields["args"]) > MOST_ARMS:
        return None
    arms: list[Node] = list(fields["args"])
    read: list[frozenset[Path]] = []
    for arm in arms:
        named = all_named(level, arm)
        if not named or calls_odd(arm):
            return None
        read.append(frozenset(n.item.path for n in named if n.level.path == level.path))
    return arms if len(set(read)) > 1 else None


def _not_true(condition: Node) -> Node:
    return {"BooleanTest": {"arg": condition, "booltesttype": "IS_NOT_TRUE"}}


def _united(parts: list[Node]) -> Node:
    united = parts[0]
    for part in parts[1:]:
        united = {
            "op": "SETOP_UNION",
            "all": True,
            "larg": united,
            "rarg": part,
            "limitOption": "LIMIT_OPTION_DEFAULT",
        }
    return united

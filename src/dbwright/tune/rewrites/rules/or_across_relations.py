"""OR over columns of different tables leaves the planner no index to begin with.

## What it finds

`WHERE c.email = 'x' OR o.status = 'y'` in a join: the arms of the OR are about different tables;
and `JOIN o ON o.customer_id = c.id OR o.payer_id = c.id`: each arm would be a join of its own.

## Why it matters

Neither table can be filtered before the join, so all rows are joined and nearly all are thrown
away. Each arm alone would begin with its index.

## How to fix

A query for each arm, put together with UNION ALL. Each later one leaves out what an earlier one
gave (`AND (…) IS NOT TRUE`), so that no row comes twice and none is lost. A count is one of all of
them, and columns that are shown sort the whole.

## When to ignore

Most rows meet the condition.

## Sources

- PostgreSQL manual, Combining Queries; Combining Multiple Indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._arms import arms_of, of_each_arm, united
from dbwright.tune.rewrites.rules._groups import PLAIN, subselect
from dbwright.tune.rewrites.rules._outputs import by_position
from dbwright.tune.rewrites.rules._parts import (
    all_named,
    calls_aggregate,
    calls_odd,
    inner_join_conditions,
)
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, all_of, any_node, at, conjuncts, integer, put

CUT = ("limitCount", "limitOffset", "limitOption", "sortClause")
ALIAS = "each_arm"

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
    RewriteExample(
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17'",
        SHOP,
    ),
    RewriteExample(
        "SELECT o.*, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17' ORDER BY o.placed DESC, o.id LIMIT 20",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE customer_id = 1 OR placed = '2024-05-17'", SHOP),
    RewriteExample(
        "SELECT sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17'",
        SHOP,
    ),
    RewriteExample(
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE c.email = 'c7' OR o.placed = '2024-05-17' ORDER BY c.name LIMIT 5",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def or_across_relations(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    level = source.levels[0]
    around = _around(level)
    if around is None:
        return
    filters = conjuncts(level.fields.get("whereClause"))
    for condition in filters:
        yield from _apart(source, level, around, condition, filters, level.fields["fromClause"])
    joined = inner_join_conditions(level) or []
    listed = [at(source.tree, item.path) for item in level.items]
    for condition in joined:  # without JOIN … ON all conditions stand in WHERE
        yield from _apart(source, level, around, condition, [*joined, *filters], listed)


@dataclass(frozen=True, slots=True)
class _Around:
    """What becomes of the parts when they are put together."""

    targets: list[Node]
    """Of each part."""
    fields: Mapping[str, Any]
    """Of the whole beside the parts: how it sorts and cuts, or (`counted`) what it shows."""
    counted: bool = False


def _around(level: Level) -> _Around | None:
    cut = any(level.fields.get(name) for name in ("limitCount", "limitOffset"))
    bare = replace(level, fields={k: v for k, v in level.fields.items() if k not in CUT})
    targets: list[Node] = list(level.fields.get("targetList", []))
    if not bare.plain or calls_odd(targets):
        return None
    sort = level.fields.get("sortClause")
    if calls_aggregate(targets):
        if cut or sort or not _only_counts(targets):
            return None
        one: Node = {"ResTarget": {"val": integer(1)}}
        return _Around([one], {"targetList": targets}, counted=True)
    if not sort:
        return None if cut else _Around(targets, {})
    keys = [by_position(level, key["SortBy"]) for key in sort]
    if any(key is None for key in keys):
        return None
    own = {name: level.fields[name] for name in CUT if name in level.fields}
    return _Around(targets, {**own, "sortClause": [{"SortBy": key} for key in keys]})


def _only_counts(targets: list[Node]) -> bool:
    """Is there nothing but count(*) in them that is of the rows?"""
    calls = [fields for kind, fields in walk({"_": targets}) if kind == "FuncCall"]
    stars = all(call.get("agg_star") or not calls_aggregate({"FuncCall": call}) for call in calls)
    plain = not any("over" in call or call.get("agg_filter") for call in calls)
    return stars and plain and not any_node(targets, ("ColumnRef", "SubLink"))


def _apart(
    source: Source,
    level: Level,
    around: _Around,
    condition: Node,
    conditions: list[Node],
    from_: list[Node],
) -> Iterator[Rewritten]:
    """A query for each arm of the condition, if it is an OR over several relations."""
    arms = arms_of(condition)
    if arms is None or not _across(level, arms):
        return
    others = [other for other in conditions if other is not condition]
    own = {"targetList": around.targets, "fromClause": from_, **PLAIN}
    parts: list[Node] = [
        {**own, "whereClause": all_of([*others, asked])} for asked in of_each_arm(arms)
    ]
    whole = {**united(parts), **around.fields}
    if around.counted:
        rows = subselect({"SelectStmt": united(parts)}, ALIAS)
        whole = {**around.fields, "fromClause": [rows], **PLAIN}
    text = source.with_tree(put(source.tree, level.path, whole))
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

"""A LEFT JOIN multiplies rows that are made one again.

## What it finds

A LEFT JOIN of which nothing is read, under DISTINCT, or under GROUP BY with aggregates that
duplicates do not change (`min`, `max`, `bool_and`, `bool_or`, `count(DISTINCT …)`).

## Why it matters

The join keeps all rows of the left side, and only repeats them; then they are sorted or hashed to
be one again. (Where a unique key tells the server that none is repeated, it leaves the join out by
itself.)

## How to fix

Leave the join out.

## When to ignore

Never: it is the same query.

## Sources

- join_is_removable in analyzejoins.c of the PostgreSQL source; manual, SELECT: DISTINCT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._correlated import outside
from dbwright.tune.rewrites.rules._parts import calls_aggregate, calls_odd, calls_own, has_star
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Source
from dbwright.tune.rewrites.trees import Path, at, call_name, column_refs, put

SAME_WITH_DUPLICATES = frozenset("min max bool_and bool_or every bit_and bit_or".split())

BAD = (
    RewriteExample(
        "SELECT DISTINCT c.id, c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.referrer, max(c.joined) AS last, count(DISTINCT c.name) AS names "
        "FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.total > 3 "
        "GROUP BY c.referrer",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id", SHOP),
    RewriteExample(
        "SELECT c.id, count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT max(p.total) FROM orders p WHERE p.customer_id = c.id) AS most "
        "FROM customers c LEFT JOIN orders o ON o.customer_id = c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT DISTINCT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "WHERE o.total > 3",
        SHOP,
    ),
    RewriteExample(
        "SELECT DISTINCT c.id FROM customers c JOIN orders o ON o.customer_id = c.id", SHOP
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def left_join_without_effect(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        if not level.plain_from or level.set_operation or not _same_with_duplicates(level, catalog):
            continue
        for path in _left_joins(level):
            join = at(source.tree, path)["JoinExpr"]
            right = (*path, "JoinExpr", "rarg")
            added = [item for item in level.items if item.path[: len(right)] == right]
            if _read(level, added, (*path, "JoinExpr", "quals"), source):
                continue
            text = source.with_tree(put(source.tree, path, join["larg"]))
            if text is not None:
                names = " and ".join(item.alias for item in added)
                yield Rewritten(text, f"the join with {names} only repeats rows")


def _same_with_duplicates(level: Level, catalog: Catalog) -> bool:
    """Does it give the same where rows of FROM come several times?"""
    targets: list[Any] = [level.fields.get("targetList"), level.fields.get("havingClause")]
    targets.append(level.fields.get("sortClause"))
    calls = [fields for kind, fields in walk({"_": targets}) if kind == "FuncCall"]
    if any("over" in call for call in calls) or calls_odd(targets) or calls_own(catalog, targets):
        return False
    if level.fields.get("lockingClause") or has_star(level.fields.get("targetList", [])):
        return False
    aggregates = [call for call in calls if calls_aggregate({"FuncCall": call})]
    unmoved = all(
        call.get("agg_distinct") or call_name(call) in SAME_WITH_DUPLICATES for call in aggregates
    )
    # An aggregate in a subquery counts rows of the subquery, or (`(SELECT count(c.id))`) of this
    # level: it must not mind either way, but does not show that this level groups.
    grouped = level.fields.get("groupClause") or calls_aggregate(outside(targets))
    return unmoved and bool(grouped or level.fields.get("distinctClause") == [{}])


def _left_joins(level: Level) -> Iterator[Path]:
    pending: list[tuple[Path, Node]] = [
        ((*level.path, "fromClause", number), node)
        for number, node in enumerate(level.fields.get("fromClause", ()))
    ]
    while pending:
        path, node = pending.pop(0)
        join = node.get("JoinExpr")
        if join is None:
            continue
        if join.get("jointype") == "JOIN_LEFT":
            yield path
        pending += [((*path, "JoinExpr", side), join[side]) for side in ("larg", "rarg")]


def _read(level: Level, added: list[Item], quals: Path, source: Source) -> bool:
    """Does anything but the join's own condition read what it adds?"""
    names = {item.alias for item in added}
    columns = {name for item in added for name in item.columns or ()}
    unknown = any(item.columns is None for item in added)
    rest = _without(level.fields, quals[len(level.path) :])
    for fields in column_refs(rest):
        parts = [part["String"]["sval"] for part in fields["fields"] if "String" in part]
        if names.intersection(parts[:-1]) or (len(parts) == 1 and parts[0] in names):
            return True
        if len(parts) == 1 and (unknown or parts[0] in columns):
            return True
        if not parts:
            return True
    return False


def _without(node: Mapping[str, Any], path: Path) -> Any:
    return put(node, path, None)

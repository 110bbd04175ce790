"""Subqueries that are tied to a row outside, and joins that stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._parts import alike, calls_aggregate, only_of
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import Path, at, conjuncts, kind_of, operator, put

NAMED_ALONE = frozenset(("A_Expr", "CoalesceExpr", "FuncCall", "MinMaxExpr"))
"""Expressions that the server names without a look at their parts."""

__all__ = ["gathers", "joined_text", "outside", "shows_all", "tied_parts"]


def shows_all(level: Level) -> bool:
    """Would a further relation show in the result?"""
    return any(
        len(target["ResTarget"]["val"]["ColumnRef"]["fields"]) == 1
        and "A_Star" in target["ResTarget"]["val"]["ColumnRef"]["fields"][0]
        for target in level.fields.get("targetList", ())
        if "ColumnRef" in target["ResTarget"]["val"]
    )


def gathers(level: Level) -> bool:
    """Does it group? Then what it shows is not of the rows of FROM."""
    if any(level.fields.get(name) for name in ("groupClause", "havingClause", "distinctClause")):
        return True
    return calls_aggregate(outside(level.fields.get("targetList", [])))


def outside(node: Any) -> Any:
    """The tree without its subqueries."""
    if isinstance(node, list):
        return [outside(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    return {name: outside(child) for name, child in node.items() if name != "SubLink"}


def tied_parts(inner: Level) -> tuple[list[tuple[Node, Named]], list[Node]] | None:
    """The columns inside that equal columns outside, and the conditions that are only about the
    inside; None where there is another condition, or no tie."""
    ties: list[tuple[Node, Named]] = []
    others: list[Node] = []
    for condition in conjuncts(inner.fields.get("whereClause")):
        tie = _tie(inner, condition.get("A_Expr"))
        if tie is not None:
            ties.append(tie)
        elif only_of(inner, condition, inner.items):
            others.append(condition)
        else:
            return None
    return (ties, others) if ties else None


def _tie(inner: Level, fields: Node | None) -> tuple[Node, Named] | None:
    if fields is None or operator(fields) != "=":
        return None
    sides = [fields[side].get("ColumnRef") for side in ("lexpr", "rexpr")]
    if None in sides:
        return None
    for own, other in (sides, sides[::-1]):
        inside, outside = inner.named(own), inner.named(other)
        if inside is None or outside is None:
            continue
        across = inside.level.path == inner.path and outside.level.path != inner.path
        if across and alike(inside.column, outside.column):
            return own, outside
    return None


def joined_text(
    source: Source,
    level: Level,
    path: Path,
    item: Path,
    join: Node,
    instead: Node,
    name: str,
) -> str | None:
    """With the join around the whole FROM entry that the tying columns come from."""
    tree = put(source.tree, path, instead)
    if path[len(level.path)] == "targetList":
        number = path[len(level.path) + 1]
        target = level.fields["targetList"][number]["ResTarget"]
        whole = path[-1] == "val"  # else its name is not the subquery's
        if whole and not target.get("name"):
            if not name:
                return None
            tree = put(tree, (*level.path, "targetList", number, "ResTarget", "name"), name)
        elif not target.get("name") and kind_of(target["val"]) not in NAMED_ALONE:
            return None
    entry = item[: len(level.path) + 2]
    tree = put(tree, entry, {"JoinExpr": {**join, "larg": at(tree, entry)}})
    return source.with_tree(tree)

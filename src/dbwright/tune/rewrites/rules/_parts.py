"""What several rewrites ask of the parts of a query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dbwright.model.catalog import Catalog, Column
from dbwright.model.objects import TypeKind
from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.functions import AGGREGATES, SET_RETURNING, VOLATILE
from dbwright.tune.rewrites.source import Item, Level, Named, Source
from dbwright.tune.rewrites.trees import Path, call_name, column, column_refs, conjuncts

INTEGERS = ("smallint", "integer", "bigint")

__all__ = [
    "alike",
    "all_named",
    "calls_aggregate",
    "calls_odd",
    "calls_own",
    "constant_kind",
    "enum_labels",
    "has_star",
    "inner_join_conditions",
    "is_conjunct",
    "only_of",
    "only_target",
    "qualified",
    "subquery",
]


def subquery(source: Source, path: Path) -> Level | None:
    """The SELECT of the SubLink at the path."""
    wanted = (*path, "SubLink", "subselect", "SelectStmt")
    return next((level for level in source.levels if level.path == wanted), None)


def only_target(level: Level) -> Node | None:
    """The one expression that the level gives; None where it gives several, or a star."""
    targets = level.fields.get("targetList", ())
    if len(targets) != 1:
        return None
    value: Node = targets[0]["ResTarget"]["val"]
    return None if has_star(value) else value


def has_star(node: Any) -> bool:
    """Is there a `*` in the tree (of a target list, not of count)?"""
    return any(kind == "A_Star" for kind, _ in walk({"_": node}))


def all_named(level: Level, node: Any) -> list[Named] | None:
    """What each column name in the tree means (those of subqueries, as if they stood here); None
    where one is unclear."""
    found = [level.named(fields) for fields in column_refs(node)]
    named = [name for name in found if name is not None]
    return named if len(named) == len(found) else None


def only_of(level: Level, node: Any, items: Iterable[Item]) -> bool:
    """Does the tree, which holds no subquery, read nothing but these relations of the level?"""
    if any(kind == "SubLink" for kind, _ in walk({"_": node})):
        return False
    named = all_named(level, node)
    aliases = {item.path for item in items}
    return named is not None and all(
        name.level.path == level.path and name.item.path in aliases for name in named
    )


def calls_aggregate(node: Any) -> bool:
    """Is an aggregate called, or a window function (also where a user made it: any unknown
    function counts as none)?"""
    for kind, fields in walk({"_": node}):
        if kind == "GroupingFunc":
            return True
        if kind == "FuncCall" and (
            "over" in fields
            or fields.get("agg_star")
            or fields.get("agg_within_group")
            or fields.get("agg_distinct")
            or fields.get("agg_filter")
            or call_name(fields) in AGGREGATES
        ):
            return True
    return False


def calls_odd(node: Any) -> bool:
    """Does it call what must be called once for each row: volatile, or giving several rows?"""
    for kind, fields in walk({"_": node}):
        if kind == "FuncCall":
            name = fields["funcname"][-1]["String"]["sval"]
            if name in VOLATILE or name in SET_RETURNING:
                return True
    return False


def calls_own(catalog: Catalog, node: Any) -> bool:
    """Does it call what the database's users made? It might be an aggregate, or count its calls."""
    own = {function.name for function in catalog.functions}
    return any(
        kind == "FuncCall" and fields["funcname"][-1]["String"]["sval"] in own
        for kind, fields in walk({"_": node})
    )


def inner_join_conditions(level: Level) -> list[Node] | None:
    """The conditions of the level's joins; None where it joins nothing, or not by inner joins of
    relations by name."""
    if len(level.items) < 2 or not level.plain_from or level.set_operation:
        return None
    found: list[Node] = []
    pending: list[Node] = list(level.fields["fromClause"])
    while pending:
        join = pending.pop().get("JoinExpr")
        if join is None:
            continue
        if join.get("jointype", "JOIN_INNER") != "JOIN_INNER":
            return None
        found += conjuncts(join.get("quals"))
        pending += [join["larg"], join["rarg"]]
    return found


def is_conjunct(level: Level, path: Path) -> bool:
    """Is the node at the path one that must be true for a row of the level to count?"""
    rest = path[len(level.path) :]
    if rest[:1] != ("whereClause",):
        return False
    node: Any = level.fields["whereClause"]
    steps = list(rest[1:])
    while steps:
        if steps[:2] != ["BoolExpr", "args"] or node["BoolExpr"]["boolop"] != "AND_EXPR":
            return False
        node = node["BoolExpr"]["args"][steps[2]]
        steps = steps[3:]
    return True


def alike(one: Column, other: Column) -> bool:
    """Does `=` between them mean what it means among the values of each?"""
    numbers = one.base_type in INTEGERS and other.base_type in INTEGERS
    same = one.base_type == other.base_type and one.is_array == other.is_array
    return (numbers or same) and one.collation == other.collation


def qualified(named: Named) -> Node:
    """The column with its relation before it, so that no inner relation can take it."""
    return column(named.item.alias, named.column.name)


def constant_kind(node: Node) -> tuple[str, str] | None:
    """`ival`, `fval`, `sval` and the text of a constant, also of one with a minus before it; None
    for anything else."""
    constant = node.get("A_Const")
    if constant is None:
        return None
    if "ival" in constant:
        return "ival", str(constant["ival"].get("ival", 0))
    if "fval" in constant:
        return "fval", str(constant["fval"]["fval"])
    if "sval" in constant:
        return "sval", str(constant["sval"].get("sval", ""))
    return None


def enum_labels(catalog: Catalog, type_: str) -> tuple[str, ...]:
    """Of the enum with this name; none for any other type."""
    own = (one for one in catalog.types if one.kind is TypeKind.ENUM and one.qualified == type_)
    return next((tuple(one.labels) for one in own), ())

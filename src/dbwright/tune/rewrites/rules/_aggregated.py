"""What an expression over an aggregate gives where there are no rows.

A subquery without GROUP BY gives a row also over no rows, and a joined group is not there then: the
join's NULL must be what the subquery gives, or what stands in for it known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.functions import AGGREGATES
from dbwright.tune.rewrites.rules._parts import calls_odd, constant_kind, only_of
from dbwright.tune.rewrites.source import Level
from dbwright.tune.rewrites.trees import call_name, column_refs, integer, kind_of, operator

__all__ = ["Aggregated", "aggregated"]

OTHERS = frozenset("count regr_count rank dense_rank percent_rank cume_dist".split())
"""Aggregates that give a number over no rows."""
NULL_WITHOUT_ROWS = AGGREGATES - OTHERS
STRICT = frozenset(
    "abs ceil ceiling date_trunc floor length lower round sign to_char trunc upper".split()
)
"""Functions that give NULL where an argument is NULL."""
STRICT_OPERATORS = ("+", "-", "*", "/", "%", "=", "<>", "<", ">", "<=", ">=")
"""Not `||`: an array takes NULL for an empty one."""
DIVISIONS = ("/", "%")


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A value of a group."""

    value: Node
    default: Node | None
    """What stands for it over no rows; None for NULL."""
    name: str
    """What the server calls the column of the subquery; empty where that is not plain."""


def aggregated(inner: Level, value: Node) -> Aggregated | None:
    """The value of each group; None where it is not known what it is over no rows, where it reads
    what is outside, or where it may fail for a group that nobody asks for."""
    calls = list(_aggregates(value))
    if not calls or any("over" in call for call in calls) or calls_odd(value):
        return None
    if any(column_refs(value)) and not only_of(inner, value, inner.items):
        return None
    if any(kind == "SubLink" for kind, _ in walk({"_": value})) or not _divides_safely(value):
        return None
    if _is_null(value):
        return Aggregated(value, None, _name(value))
    counted = value["TypeCast"]["arg"] if "TypeCast" in value else value
    if "FuncCall" in counted and call_name(counted["FuncCall"]) == "count":
        return Aggregated(value, integer(0), _name(value))
    parts = value.get("CoalesceExpr", {}).get("args", ())
    if len(parts) == 2 and _is_null(parts[0]) and _is_constant(parts[1]):
        return Aggregated(parts[0], parts[1], "coalesce")
    return None


def _aggregates(node: Node) -> Iterator[Node]:
    for kind, fields in walk({"_": node}):
        if kind == "FuncCall" and (call_name(fields) in AGGREGATES or "over" in fields):
            yield fields


def _name(value: Node) -> str:
    return call_name(value["FuncCall"]) if "FuncCall" in value else ""


def _is_null(node: Node) -> bool:
    """Is it NULL over no rows, for sure?"""
    kind = kind_of(node)
    fields = node[kind] if kind is not None else {}
    if kind == "FuncCall":
        name = call_name(fields)
        if name in AGGREGATES:
            return name in NULL_WITHOUT_ROWS
        return name in STRICT and any(map(_is_null, fields.get("args", ())))
    if kind == "TypeCast":
        return _is_null(fields["arg"])
    if kind == "CoalesceExpr":
        return all(map(_is_null, fields["args"]))
    if kind == "A_Expr" and fields.get("kind") == "AEXPR_NULLIF":
        return _is_null(fields["lexpr"])
    if kind == "A_Expr" and operator(fields) in STRICT_OPERATORS:
        return any(_is_null(fields[side]) for side in ("lexpr", "rexpr") if side in fields)
    return False


def _is_constant(node: Node) -> bool:
    bare = node["TypeCast"]["arg"] if "TypeCast" in node else node
    return "A_Const" in bare


def _divides_safely(node: Node) -> bool:
    """By constants that are not 0, or NULLIF of 0, alone: the subquery only divides for groups
    that are asked for."""
    return all(
        _is_not_zero(fields.get("rexpr", {}))
        for kind, fields in walk({"_": node})
        if kind == "A_Expr" and operator(fields) in DIVISIONS
    )


def _is_not_zero(node: Node) -> bool:
    fields = node.get("A_Expr", {})
    if fields.get("kind") == "AEXPR_NULLIF":
        return constant_kind(fields["rexpr"]) == ("ival", "0")
    constant = constant_kind(node)
    return constant is not None and constant[0] != "sval" and float(constant[1]) != 0

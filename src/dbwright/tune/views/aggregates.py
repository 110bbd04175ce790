"""Aggregates: which calls are some, and which can be made of those of smaller groups."""

from __future__ import annotations

from dbwright.model.catalog import Catalog
from dbwright.sql.parse import Node
from dbwright.sql.scope.functions import AGGREGATES
from dbwright.tune.indexes.immutable import expression_tree
from dbwright.tune.rewrites.trees import call_name, integer

__all__ = ["combined", "is_aggregate", "needed_for"]

SAME = frozenset(("min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or"))
"""The aggregate of the groups' results is that of all rows."""
EXACT = frozenset(("smallint", "integer", "bigint", "numeric"))
"""Types whose sums do not depend on the order of the rows."""
INEXACT = ("real", "double precision")


def is_aggregate(fields: Node, catalog: Catalog) -> bool:
    """Is the FuncCall one of an aggregate?"""
    if "over" in fields:
        return False
    flags = ("agg_star", "agg_distinct", "agg_filter", "agg_order", "agg_within_group")
    if any(fields.get(flag) for flag in flags):
        return True
    name = fields["funcname"][-1]["String"]["sval"]
    own = any(f.name == name and f.kind == "aggregate" for f in catalog.functions)
    return own or call_name(fields) in AGGREGATES


def needed_for(call: Node, argument_type: str | None) -> tuple[Node, ...] | None:
    """The aggregates of smaller groups from which that of a larger group can be had; None where
    there are none. `argument_type`: of the argument where it is a column."""
    fields = call["FuncCall"]
    name = call_name(fields)
    if fields.get("agg_distinct") or fields.get("agg_order") or fields.get("agg_within_group"):
        return None
    if name == "avg":
        if argument_type not in EXACT:
            return None
        return _named(call, "sum"), _named(call, "count")
    return (call,) if name in SAME | {"count", "sum"} else None


def combined(call: Node, columns: tuple[Node, ...], types: tuple[str, ...], grouped: bool) -> Node:
    """The expression over the columns that hold `needed_for(call)`. `types`: of these columns;
    `grouped`: is there a row in each group (and no result where there is no row)?

    Raises ValueError where rounding would make the result another.
    """
    name = call_name(call["FuncCall"])
    if name in SAME:
        return _call(name, columns[0])
    total = _call("sum", columns[0])
    if name == "avg":
        count = {
            "A_Expr": {
                "kind": "AEXPR_NULLIF",
                "name": [{"String": {"sval": "="}}],
                "lexpr": _call("sum", columns[1]),
                "rexpr": integer(0),
            }
        }
        return {
            "A_Expr": {
                "kind": "AEXPR_OP",
                "name": [{"String": {"sval": "/"}}],
                "lexpr": total,
                "rexpr": count,
            }
        }
    if types[0] in INEXACT:
        raise ValueError(f"sums of {types[0]} depend on the order of the rows")
    if name == "count" and not grouped:
        total = {"CoalesceExpr": {"args": [total, integer(0)]}}
    return cast(total, types[0])


def cast(node: Node, type_name: str) -> Node:
    """The expression as a value of the type (as the server writes it)."""
    tree = expression_tree(f"NULL::{type_name}")
    if tree is None:
        raise ValueError(f"{type_name} can't be written")
    return {"TypeCast": {"arg": node, "typeName": tree["TypeCast"]["typeName"]}}


def _call(name: str, argument: Node) -> Node:
    return {
        "FuncCall": {
            "funcname": [{"String": {"sval": name}}],
            "args": [argument],
            "funcformat": "COERCE_EXPLICIT_CALL",
        }
    }


def _named(call: Node, name: str) -> Node:
    return {"FuncCall": {**call["FuncCall"], "funcname": [{"String": {"sval": name}}]}}

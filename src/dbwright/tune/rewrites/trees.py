"""Making and taking apart trees of expressions, as the parser gives them.

A node is a mapping of one key, its kind, to its fields. Trees are never changed in place: `put`
gives a copy with another node at a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbwright.sql.parse import Node, walk

__all__ = [
    "Path",
    "all_of",
    "any_node",
    "at",
    "call_name",
    "column",
    "column_refs",
    "comparison",
    "conjuncts",
    "exists",
    "has_value",
    "integer",
    "is_not_null",
    "kind_of",
    "negated",
    "one_select",
    "operator",
    "put",
    "string",
]

Path = tuple[str | int, ...]


def kind_of(node: Mapping[str, Any]) -> str | None:
    """What kind of node it is; None for the fields of one."""
    if len(node) != 1:
        return None
    ((kind, fields),) = node.items()
    return kind if kind[:1].isupper() and isinstance(fields, Mapping) else None


def at(tree: Any, path: Path) -> Any:
    """What stands at the path."""
    for step in path:
        tree = tree[step]
    return tree


def put(tree: Any, path: Path, new: Any) -> Any:
    """A copy of the tree with `new` at the path."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(tree, list):
        copy = list(tree)
        assert isinstance(step, int)
        copy[step] = put(tree[step], rest, new)
        return copy
    return {**tree, step: put(tree.get(step), rest, new)}


def any_node(node: Any, kinds: Iterable[str]) -> bool:
    """Is a node of one of these kinds in the tree (itself counted)?"""
    wanted = set(kinds)
    return any(kind in wanted for kind, _ in walk({"_": node}))


def column_refs(node: Any) -> list[Node]:
    """The fields of every ColumnRef in the tree, those of subqueries too."""
    return [fields for kind, fields in walk({"_": node}) if kind == "ColumnRef"]


def call_name(fields: Node) -> str:
    """The name of a function call, without its schema; empty for one of a schema other than
    pg_catalog."""
    names = [part["String"]["sval"] for part in fields["funcname"]]
    return str(names[-1]) if len(names) == 1 or names[0] == "pg_catalog" else ""


def operator(fields: Node) -> str:
    """The plain operator of an A_Expr; empty for any other form (IN, LIKE, BETWEEN, ANY …)."""
    names = fields.get("name", ())
    plain = fields.get("kind") == "AEXPR_OP" and len(names) == 1
    return str(names[0]["String"]["sval"]) if plain else ""


def conjuncts(node: Node | None) -> list[Node]:
    """The conditions that all must hold; none for no condition."""
    if node is None:
        return []
    fields = node.get("BoolExpr")
    if fields is not None and fields["boolop"] == "AND_EXPR":
        return [part for argument in fields["args"] for part in conjuncts(argument)]
    return [node]


def all_of(conditions: Sequence[Node]) -> Node | None:
    """Their conjunction; None for none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return {"BoolExpr": {"boolop": "AND_EXPR", "args": list(conditions)}}


def negated(node: Node) -> Node:
    return {"BoolExpr": {"boolop": "NOT_EXPR", "args": [node]}}


def comparison(left: Node, sign: str, right: Node) -> Node:
    name = [{"String": {"sval": sign}}]
    return {"A_Expr": {"kind": "AEXPR_OP", "name": name, "lexpr": left, "rexpr": right}}


def is_not_null(node: Node) -> Node:
    return {"NullTest": {"arg": node, "nulltesttype": "IS_NOT_NULL"}}


def has_value(node: Node) -> Node:
    """Is it no NULL, as far as functions see? (IS NOT NULL asks that of each field of a row.)"""
    name, null = [{"String": {"sval": "="}}], {"A_Const": {"isnull": True}}
    return {"A_Expr": {"kind": "AEXPR_DISTINCT", "name": name, "lexpr": node, "rexpr": null}}


def string(text: str) -> Node:
    return {"A_Const": {"sval": {"sval": text}}}


def integer(number: int) -> Node:
    return {"A_Const": {"ival": {"ival": number} if number else {}}}


def column(*names: str) -> Node:
    return {"ColumnRef": {"fields": [{"String": {"sval": name}} for name in names]}}


def one_select(fields: Mapping[str, Any]) -> Node:
    """The query for an EXISTS: what is read and on what conditions, `SELECT 1`."""
    kept = {name: fields[name] for name in ("fromClause", "whereClause") if fields.get(name)}
    target = [{"ResTarget": {"val": integer(1)}}]
    plain = {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    return {"SelectStmt": {"targetList": target, **kept, **plain}}


def exists(query: Node) -> Node:
    return {"SubLink": {"subLinkType": "EXISTS_SUBLINK", "subselect": query}}

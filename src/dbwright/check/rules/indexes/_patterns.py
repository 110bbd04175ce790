"""Which columns a statement compares with LIKE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.parse import Node, SyntaxProblem, parse, walk

__all__ = ["LikeColumn", "like_columns"]


@dataclass(frozen=True, slots=True)
class LikeColumn:
    """`column LIKE …`; the pattern's beginning is fixed, or not known."""

    relations: tuple[tuple[str | None, str], ...]
    """Schema (None where the statement names none) and name of what may hold the column."""
    column: str
    known: bool
    """Does the statement itself show that the pattern begins with a fixed text?"""


def like_columns(text: str) -> Iterator[LikeColumn]:
    """Nothing for a text that can't be parsed (pg_stat_statements cuts long ones)."""
    lower = text.lower()
    if "~~" not in lower and " like " not in lower:
        return
    try:
        statements = parse(text).statements
    except SyntaxProblem:
        return
    for statement in statements:
        found = list(walk(statement.node))
        scope = _scope(found)
        for kind, node in found:
            if kind == "A_Expr" and _operator(node) == "~~" and "OP_ANY" not in node["kind"]:
                yield from _comparison(node, scope)


def _scope(found: list[tuple[str, Node]]) -> dict[str, set[tuple[str | None, str]]]:
    """The statement's relations by alias, wherever in it they stand; not those of WITH."""
    named = {node["ctename"] for kind, node in found if kind == "CommonTableExpr"}
    scope: dict[str, set[tuple[str | None, str]]] = {}
    for kind, node in found:
        if kind not in ("RangeVar", "relation") or "relname" not in node:
            continue
        schema, name = node.get("schemaname"), node["relname"]
        if schema is not None or name not in named:
            alias = node.get("alias", {}).get("aliasname", name)
            scope.setdefault(alias, set()).add((schema, name))
    return scope


def _operator(node: Node) -> str:
    names: list[Node] = list(node.get("name", ()))
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _comparison(node: Node, scope: dict[str, set[tuple[str | None, str]]]) -> Iterator[LikeColumn]:
    column = _without_cast(node.get("lexpr", {})).get("ColumnRef")
    known = _begins_fixed(node.get("rexpr", {}))
    if column is None or known is None:
        return
    names = [field.get("String", {}).get("sval") for field in column["fields"]]
    if None in names:
        return
    if len(names) == 1:
        relations = {pair for pairs in scope.values() for pair in pairs}
    elif len(names) == 2:
        relations = scope.get(names[0], set())
    else:
        relations = {(names[-3], names[-2])}
    if relations:
        ordered = tuple(sorted(relations, key=lambda pair: (pair[0] or "", pair[1])))
        yield LikeColumn(ordered, names[-1], known)


def _without_cast(node: Node) -> Node:
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return node


def _begins_fixed(node: Node) -> bool | None:
    """True: a fixed beginning and then a wildcard; None: surely not; False: not to be seen."""
    node = _without_cast(node)
    if "A_Const" in node:
        text = node["A_Const"].get("sval", {}).get("sval", "")
        return True if text[:1] not in ("", "%", "_") and ("%" in text or "_" in text) else None
    joined = False
    while "A_Expr" in node and _operator(node["A_Expr"]) == "||":
        node = _without_cast(node["A_Expr"].get("lexpr", {}))
        joined = True
    if joined and "A_Const" in node:
        start = node["A_Const"].get("sval", {}).get("sval", "")
        return True if start[:1] not in ("", "%", "_") else None
    return False if joined or "ParamRef" in node else None

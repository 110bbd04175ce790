"""Expressions in one way of writing: to compare what a person wrote with what the server made of
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.sql.scope.expressions import signature

__all__ = ["written_form"]

_FORMS = {"AEXPR_IN": "AEXPR_OP_ANY", "AEXPR_LIKE": "AEXPR_OP", "AEXPR_ILIKE": "AEXPR_OP"}
_TEXT = frozenset(("text", "varchar", "bpchar"))


def written_form(tree: Any) -> str:
    """The same text for trees that differ in nothing but how the server writes them down."""
    return repr(signature(_as_written_down(tree)))


def _as_written_down(node: Any) -> Any:
    """IN is `= ANY`, LIKE is `~~`, and constants and texts bear casts there: left out here."""
    if isinstance(node, list):
        return [_as_written_down(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    cast = node.get("TypeCast")
    if cast is not None:
        to_text = cast["typeName"]["names"][-1]["String"]["sval"] in _TEXT
        if to_text or "A_Const" in cast["arg"]:
            return _as_written_down(cast["arg"])
    expression = node.get("A_Expr")
    if expression is not None and expression["kind"] in _FORMS:
        kind, right = _FORMS[expression["kind"]], expression["rexpr"]
        if "List" in right:
            right = {"A_ArrayExpr": {"elements": right["List"]["items"]}}
        node = {"A_Expr": {**expression, "kind": kind, "rexpr": right}}
    return {name: _as_written_down(child) for name, child in node.items()}

"""How does a pattern begin: with fixed text, or with a wildcard?"""

from __future__ import annotations

from dbwright.sql.parse import Node
from dbwright.sql.scope.predicate import PredicateKind

__all__ = ["like_kind", "pattern_text"]

_CAST_TO_TEXT = frozenset(("text", "varchar", "bpchar", "character varying"))


def pattern_text(node: Node) -> str | None:
    """The pattern, where it is a constant."""
    while "TypeCast" in node:
        cast = node["TypeCast"]
        if cast["typeName"]["names"][-1]["String"]["sval"] not in _CAST_TO_TEXT:
            return None
        node = cast["arg"]
    constant = node.get("A_Const", {})
    return constant["sval"].get("sval", "") if "sval" in constant else None


def like_kind(operator: str, node: Node) -> PredicateKind:
    """The kind of a comparison with a pattern, `operator` being the server's: `~~`, `~` …"""
    escape = "\\"
    call = node.get("FuncCall")
    if call is not None and call["funcname"][-1]["String"]["sval"] == "like_escape":
        node, given = call["args"][0], pattern_text(call["args"][1])
        if given is None:
            return PredicateKind.LIKE
        escape = given
    pattern = pattern_text(node)
    if pattern is None:
        return PredicateKind.LIKE
    if operator.endswith("*"):
        return PredicateKind.LIKE_INFIX
    if operator.endswith("~~"):
        return _wildcard_first(pattern, escape)
    fixed = pattern.startswith("^") and pattern[1:2] not in _REGULAR and "|" not in pattern
    return PredicateKind.LIKE_PREFIX if fixed else PredicateKind.LIKE_INFIX


_REGULAR = frozenset(("", *".*+?{}()[]\\^$|"))


def _wildcard_first(pattern: str, escape: str) -> PredicateKind:
    if pattern[:1] in ("%", "_") and pattern[:1] != escape:
        return PredicateKind.LIKE_INFIX
    return PredicateKind.LIKE_PREFIX

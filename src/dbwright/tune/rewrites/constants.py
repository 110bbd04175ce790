"""The constants of a query, and what its clocks tell."""

from __future__ import annotations

from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.canonical import canonical_expression
from dbwright.tune.rewrites.trees import call_name

__all__ = ["clocks_in", "constants_in"]

CLOCKS = ("SQLValueFunction",)
OPEN = ("ColumnRef", "ParamRef", "SubLink", "A_Star")
"""What a row, a caller or another query tells."""


def constants_in(tree: Node) -> list[str]:
    """The constants of a query, each once, as texts; patterns without their wildcards as well."""
    found: dict[str, None] = {}
    for kind, fields in walk(tree):
        if kind != "A_Const":
            continue
        if "sval" in fields:
            text = fields["sval"].get("sval", "")
            found[text] = None
            if "%" in text or "_" in text:
                found[text.replace("%", "").replace("_", "a")] = None
        elif "fval" in fields:
            found[fields["fval"]["fval"]] = None
        elif "ival" in fields:
            found[str(fields["ival"].get("ival", 0))] = None
    return list(found)


def clocks_in(tree: Node) -> list[str]:
    """The expressions that only a clock tells: CURRENT_DATE - 7, date_trunc('month', now())."""
    found: dict[str, None] = {}
    for kind, fields in walk(tree):
        node = {kind: fields}
        inside = (
            list(walk({"_": node})) if kind in ("A_Expr", "FuncCall", "TypeCast", *CLOCKS) else []
        )
        if any(kind == "SQLValueFunction" or _is_clock(kind, own) for kind, own in inside):
            text = None if any(kind in OPEN for kind, _ in inside) else canonical_expression(node)
            found.update({} if text is None else {text: None})
    return list(found)


def _is_clock(kind: str, fields: Node) -> bool:
    return kind == "FuncCall" and call_name(fields) in ("now", "statement_timestamp")

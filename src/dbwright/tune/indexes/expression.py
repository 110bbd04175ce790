"""The width of an index expression, from its outermost function and the column it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbwright.sql.parse import Node, SyntaxProblem, parse, walk
from dbwright.tune.indexes.widths import KeyWidth, expression_width

__all__ = ["width_of_expression"]

FIXED: Mapping[str, tuple[int, int]] = {
    "bool": (1, 1),
    "date": (4, 4),
    "float4": (4, 4),
    "float8": (8, 8),
    "int2": (2, 2),
    "int4": (4, 4),
    "int8": (8, 8),
    "time": (8, 8),
    "timestamp": (8, 8),
    "timestamptz": (8, 8),
    "uuid": (16, 1),
}
"""Bytes and alignment of types, by the names that the grammar gives them."""
RESULTS: Mapping[str, str] = {
    "age": "interval",
    "array_length": "int4",
    "bit_length": "int4",
    "cardinality": "int4",
    "char_length": "int4",
    "date": "date",
    "date_bin": "timestamp",
    "date_part": "float8",
    "date_trunc": "timestamp",
    "extract": "numeric",
    "hashtext": "int4",
    "jsonb_array_length": "int4",
    "length": "int4",
    "octet_length": "int4",
    "strpos": "int4",
    "timezone": "timestamp",
    "to_timestamp": "timestamp",
}
DIGESTS: Mapping[str, int] = {"md5": 33, "sha224": 29, "sha256": 33, "sha384": 49, "sha512": 65}
"""Stored bytes, with the header."""
COMPARISONS = {"=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~", "!~", "@>", "<@", "?", "&&", "@@"}
ARITHMETIC = {"+", "-", "*", "/", "%"}
"""Of numbers: as a rule the result is of the first one's type."""
UNSAFE = {"float4", "float8", "numeric", "interval"}
"""Types that a B-tree does not join duplicates of."""


def width_of_expression(expression: str, columns: Mapping[str, KeyWidth]) -> KeyWidth:
    """`columns` are those of the table by name. An expression that can't be read has the width
    that the planner takes where it knows nothing; `known` is always false."""
    try:
        tree = parse(f"SELECT {expression}").statements[0].node
        outermost = tree["targetList"][0]["ResTarget"]["val"]
    except (SyntaxProblem, LookupError):
        return expression_width(expression)
    used = [columns[name] for name in _columns(outermost) if name in columns]
    of = max(used, key=lambda width: abs(width.distinct), default=None) if used else None
    kind, length, alignment = _result(outermost)
    width = expression_width(
        expression,
        of=of,
        length=length,
        alignment=alignment,
        deduplicates=kind not in UNSAFE and (kind != "" or of is None or of.deduplicates),
    )
    if kind == "bool":
        return replace(width, distinct=2.0, frequencies=())
    if kind == "text" and not length:  # a part of a document is shorter than the document
        usual = expression_width(expression)
        shorter = of is not None and of.average < usual.average
        return replace(usual, lengths=of.lengths) if of is not None and shorter else usual
    return width


def _result(node: Node) -> tuple[str, int, int]:
    """The type (empty: that of the column), and bytes and alignment of a fixed one."""
    ((kind, fields),) = node.items()
    name = ""
    if kind == "FuncCall":
        called = _last_name(fields.get("funcname", ()))
        if called in DIGESTS:
            return "digest", DIGESTS[called], 1
        name = RESULTS.get(called, "")
    elif kind == "TypeCast":
        name = _last_name(fields["typeName"].get("names", ()))
        if fields["typeName"].get("arrayBounds"):
            name = "array"
        elif name in ("text", "varchar", "bpchar"):
            inner = _result(fields["arg"])
            return inner if inner[0] == "text" else ("", 0, 0)
    elif kind == "A_Expr":
        operator = _last_name(fields.get("name", ()))
        if operator in ("->>", "#>>"):
            name = "text"
        elif operator in COMPARISONS:
            name = "bool"
        elif operator in ARITHMETIC and "lexpr" in fields:
            return _result(fields["lexpr"])
    elif kind in ("BoolExpr", "NullTest", "BooleanTest"):
        name = "bool"
    elif kind == "CollateClause":
        return _result(fields["arg"])
    elif kind == "CoalesceExpr":
        return _result(fields["args"][0])
    length, alignment = FIXED.get(name, (0, 0))
    return name, length, alignment


def _last_name(names: Sequence[Any]) -> str:
    return str(names[-1].get("String", {}).get("sval", "")) if names else ""


def _columns(node: Node) -> list[str]:
    found = [(kind, fields) for kind, fields in [*node.items(), *walk(node)]]
    return [_last_name(fields.get("fields", ())) for kind, fields in found if kind == "ColumnRef"]

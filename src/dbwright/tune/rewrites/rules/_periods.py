"""Which part of which column's moments a condition asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._moments import SHORT, UNITS, written
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.source import Level
from dbwright.tune.rewrites.trees import all_of, call_name, comparison, string

__all__ = ["Period", "between", "bound", "extracted", "period_of", "type_name", "without_cast"]

WHOLE = ("int2", "int4", "int8", "numeric", "float8")
TEXTS = ("text", "varchar")


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a moment that a column holds, as a condition asks for it."""

    column: Node
    unit: str
    number: bool
    """Is it the number of the year?"""
    zone: str = ""
    """Whose midnights count; empty where the column knows of no zone."""
    named: bool = False
    """Is the zone named in the condition (else it is the session's)?"""
    type: str = ""
    """The column's."""


def period_of(level: Level, node: Node, zone: str) -> Period | None:
    """What part of which column the node is; None for anything else."""
    node = without_cast(node)
    ((kind, fields),) = node.items() if len(node) == 1 else (("", {}),)
    unit, number, inner = "", False, None
    if kind == "TypeCast" and type_name(fields) == "date":
        truncated = period_of(level, fields["arg"], zone) if "FuncCall" in fields["arg"] else None
        if truncated is not None and not truncated.number and truncated.unit not in SHORT:
            return truncated  # `date_trunc('month', placed)::date` is the first day of the month
        unit, inner = "day", fields["arg"]
    elif kind == "FuncCall":
        arguments = fields.get("args", ())
        name = call_name(fields)
        if name == "date" and len(arguments) == 1:
            unit, inner = "day", arguments[0]
        elif len(arguments) == 2:
            what = _text(arguments[0]).lower()
            if name == "date_trunc" and what in UNITS:
                unit, inner = what, arguments[1]
            elif extracted(node) == "year":
                unit, number, inner = "year", True, arguments[1]
    return None if inner is None else _of_column(level, inner, unit, number, zone)


def _of_column(level: Level, inner: Node, unit: str, number: bool, zone: str) -> Period | None:
    call = inner.get("FuncCall", {})
    there = ""
    if call and call_name(call) == "timezone" and len(call.get("args", ())) == 2:
        there, inner = _text(call["args"][0]), call["args"][1]
        if not there:
            return None
    named = level.named(inner["ColumnRef"]) if "ColumnRef" in inner else None
    if named is None or named.column.is_array:
        return None
    type_ = named.column.base_type
    if type_ == "timestamp with time zone":
        known = bool(there or zone) and unit not in SHORT
        own = there or zone
        return Period(inner, unit, number, own, bool(there), type_) if known else None
    plain = type_ == "timestamp without time zone" or (type_ == "date" and unit not in SHORT)
    return Period(inner, unit, number, type=type_) if plain and not there else None


def extracted(node: Node) -> str:
    """What part of a moment `extract(year FROM …)` or `date_part('year', …)` gives; empty for
    anything else."""
    call = node.get("FuncCall", {})
    named = bool(call) and call_name(call) in ("extract", "date_part")
    return _text(call["args"][0]).lower() if named and len(call.get("args", ())) == 2 else ""


def without_cast(node: Node) -> Node:
    """Without a cast of `extract(…)` to a number; its years, months and days are whole."""
    cast = node.get("TypeCast")
    plain = cast is not None and type_name(cast) in WHOLE and not cast["typeName"].get("typmods")
    return cast["arg"] if cast is not None and plain and extracted(cast["arg"]) else node


def between(part: Period, sign: str, bounds: list[Node]) -> Node | None:
    """The column compared with the ends of a period: both for `=`, else the one that counts."""
    if sign == "=":
        signs: tuple[str, ...] = (">=", "<")
    else:
        signs = (">=",) if sign in (">=", ">") else ("<",)
    return all_of(
        [comparison(part.column, each, end) for each, end in zip(signs, bounds, strict=True)]
    )


def bound(part: Period, moment: datetime) -> Node:
    """The moment as the column is compared with it."""
    text = string(written(moment))
    if not part.named:
        return text
    names = [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "timestamp"}}]
    local: Node = {"TypeCast": {"arg": text, "typeName": {"names": names, "typemod": -1}}}
    return {
        "FuncCall": {
            "funcname": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "timezone"}}],
            "args": [string(part.zone), local],
            "funcformat": "COERCE_SQL_SYNTAX",
        }
    }


def _text(node: Node) -> str:
    cast = node.get("TypeCast")
    if cast is not None and type_name(cast) in TEXTS:
        node = cast["arg"]  # as the server writes its own expressions
    constant = constant_kind(node)
    return constant[1] if constant is not None and constant[0] == "sval" else ""


def type_name(fields: Node) -> str:
    names = [part["String"]["sval"] for part in fields["typeName"]["names"]]
    return str(names[-1]) if not fields["typeName"].get("arrayBounds") else ""

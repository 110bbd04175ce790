"""Which part of which column's moments a condition asks for."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._moments import SHORT, UNITS
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.source import Level
from dbwright.tune.rewrites.trees import call_name

__all__ = ["Period", "period_of", "type_name"]


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
            elif name in ("extract", "date_part") and what == "year":
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


def _text(node: Node) -> str:
    constant = constant_kind(node)
    return constant[1] if constant is not None and constant[0] == "sval" else ""


def type_name(fields: Node) -> str:
    names = [part["String"]["sval"] for part in fields["typeName"]["names"]]
    return str(names[-1]) if not fields["typeName"].get("arrayBounds") else ""

"""How many groups there are, where the planner can't tell: of a time cut to days or months it takes
as many as there are times, unless an index or CREATE STATISTICS has the expression."""

from __future__ import annotations

from dbwright.model.statistics import Statistics
from dbwright.sql.parse import Node
from dbwright.tune.indexes.selectivity import distinct_values
from dbwright.tune.partitions.axis import DAY, axis_of
from dbwright.tune.partitions.timeline import timeline
from dbwright.tune.rewrites.source import Named
from dbwright.tune.rewrites.trees import call_name
from dbwright.tune.views.normal import columns_of
from dbwright.tune.views.shape import Shape

__all__ = ["group_count"]

HOUR = DAY // 24
STEPS = {
    "minute": HOUR // 60,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "quarter": 91 * DAY,
    "year": 365 * DAY,
}
"""Microseconds of what date_trunc cuts to."""
FIELDS = {"hour": 24, "dow": 7, "isodow": 7, "day": 31, "month": 12, "quarter": 4, "minute": 60}
"""Values that extract can give."""


def group_count(shape: Shape, statistics: Statistics) -> float | None:
    """At most so many rows has the view; None where nothing is known of one of its groups."""
    total = 1.0
    for node in (*shape.groups.values(), *shape.lifted.values()):
        own = _values(shape, node, statistics)
        if own is None:
            return None
        total *= own
    return total


def _values(shape: Shape, node: Node, statistics: Statistics) -> float | None:
    """NULL counts as one."""
    named = columns_of(shape.level, node)
    if len(named) != 1:
        return None
    if "ColumnRef" in node:
        known = statistics.of_column(named[0].table, named[0].column)
        counted = statistics.of(named[0].table)
        rows = None if counted is None else counted.best_rows
        many = None if known is None else distinct_values(known, rows)
        return None if many is None else many + 1
    fields = node.get("FuncCall")
    if fields is not None and len(fields.get("args", ())) == 2:
        unit = fields["args"][0].get("A_Const", {}).get("sval", {}).get("sval", "").lower()
        if call_name(fields) == "date_trunc" and unit in STEPS:
            return _spanned(named[0], statistics, STEPS[unit])
        if call_name(fields) in ("date_part", "extract") and unit in FIELDS:
            return FIELDS[unit] + 1.0
    if _is_cast_to_date(node):
        return _spanned(named[0], statistics, DAY)
    return None


def _is_cast_to_date(node: Node) -> bool:
    names = node.get("TypeCast", {}).get("typeName", {}).get("names", ())
    return bool(names) and names[-1]["String"]["sval"] == "date"


def _spanned(named: Named, statistics: Statistics, step: int) -> float | None:
    """How many such steps there are from the column's first value to its last."""
    axis = axis_of(named.column)
    known = statistics.of_column(named.table, named.column)
    if axis is None or not axis.is_time or known is None:
        return None
    line = timeline(known, axis)
    return None if line is None else (line.high - line.low) / step + 3

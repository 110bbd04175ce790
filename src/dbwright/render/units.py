"""Figures as people read them: the evidence's name carries the unit, its suffix is taken off.

`size_bytes: 1288490188` becomes `size 1.2 GB`, `age_seconds: 180` becomes `age 3 min`. Sizes are
powers of 1024 under PostgreSQL's names (kB, MB, GB), as pg_size_pretty and the settings have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dbwright.model.finding import Evidence
from dbwright.render.text import joined, visible

__all__ = ["bytes_text", "drawing", "evidence_text", "figure", "seconds_text", "short"]

LINES = ("tree", "settings", "pgbouncer_ini", "queries", "steps", "rewritten")
"""Evidence of these names is read line by line."""

SIZES = ("bytes", "kB", "MB", "GB", "TB", "PB")
BARE = frozenset({"pid", "oid", "port", "line", "version", "year", "id"})
"""Numbers that name something: no separators."""

Scalar = str | int | float | bool | None


def bytes_text(count: float) -> str:
    """`8 kB`, `1.2 GB`."""
    size = abs(count)
    unit = 0
    # 1023.95 would be shown as 1024
    while unit < len(SIZES) - 1 and size >= 1023.5:
        size /= 1024
        unit += 1
    return f"{'-' if count < 0 else ''}{short(size)} {SIZES[unit]}"


def seconds_text(seconds: float) -> str:
    """`12 ms`, `1.5 s`, `3 min`, `2.5 h`, `12 days`."""
    sign, span = ("-" if seconds < 0 else ""), abs(seconds)
    if span == 0:
        return "0 s"
    if span < 1:
        return f"{sign}{short(span * 1000)} ms"
    if span < 119.5:
        return f"{sign}{short(span)} s"
    if span < 7170:
        return f"{sign}{short(span / 60)} min"
    if span < 2 * 86400:
        return f"{sign}{short(span / 3600)} h"
    return f"{sign}{short(span / 86400)} days"


def short(number: float) -> str:
    """One decimal below 100, none above, no trailing zero, separators from a thousand."""
    if number != 0 and abs(number) < 0.095:
        return f"{number:.2g}"
    text = f"{number:,.1f}" if abs(number) < 99.95 else f"{number:,.0f}"
    return text.removesuffix(".0")


def figure(name: str, value: Scalar | Sequence[str | int | float]) -> tuple[str, str]:
    """The label and the figure of one piece of evidence, both safe to show."""
    label, _, unit = name.rpartition("_")
    if not label or unit not in UNITS:
        label, unit = name, ""
        before, middle, after = name.partition("_bytes_")  # `wal_bytes_per_day`
        if middle:
            label, unit = f"{before}_{after}", "bytes"
    label = visible(label.replace("_", " "))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return label, joined(one(name, unit, item) for item in value) or "none"
    return label, one(name, unit, value)


def one(name: str, unit: str, value: Scalar) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return visible(value)
    if unit:
        return UNITS[unit](value)
    if isinstance(value, int):
        return str(value) if name.rpartition("_")[2] in BARE else f"{value:,}"
    return short(value)


UNITS: dict[str, Callable[[float], str]] = {
    "bytes": bytes_text,
    "seconds": seconds_text,
    "milliseconds": lambda value: seconds_text(value / 1000),
    "days": lambda value: f"{short(value)} {'day' if value == 1 else 'days'}",
    "percent": lambda value: f"{short(value)} %",
    "fraction": lambda value: f"{short(value * 100)} %",
}


def evidence_text(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """All evidence but what has lines of its own, in the rule's order, as (label, figure)."""
    return tuple(figure(name, value) for name, value in evidence.items() if name not in LINES)


def drawing(evidence: Evidence) -> tuple[str, ...]:
    """What is read line by line (a tree, settings, queries): safe to show, and indented."""
    lines: list[str] = []
    for name in LINES:
        found = evidence.get(name)
        if isinstance(found, Sequence) and not isinstance(found, str):
            lines += (visible(str(line)) for line in found)
    return tuple(lines)

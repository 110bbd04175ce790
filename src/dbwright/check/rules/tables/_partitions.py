"""Partitions of time: which times a range-partitioned table has a place for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dbwright.model.catalog import Catalog, Table

__all__ = [
    "DAY",
    "Coverage",
    "Range",
    "coverage",
    "default_partition",
    "is_aware",
    "next_ranges",
    "write_bound",
]

DAY = timedelta(days=1)
TIME_TYPES = ("date", "timestamp without time zone", "timestamp with time zone")
START = "FOR VALUES FROM ("
BETWEEN = ") TO ("
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Range:
    """From (included) to (excluded); UTC, also for types without a time zone."""

    start: datetime
    end: datetime

    @property
    def width(self) -> timedelta:
        return self.end - self.start

    @property
    def bounded(self) -> bool:
        return self.start != FIRST and self.end != LAST


@dataclass(frozen=True, slots=True)
class Coverage:
    """The times that a table's partitions take, the default partition left out."""

    column: str
    type: str
    ranges: tuple[Range, ...]
    """By their start."""

    def has(self, moment: datetime) -> bool:
        return any(r.start <= moment < r.end for r in self.ranges)

    def end_after(self, moment: datetime) -> datetime:
        """Until when there is no hole from `moment` on; `moment` itself where it is in one."""
        end = moment
        for r in self.ranges:
            if r.start <= end < r.end:
                end = r.end
        return end

    def last_before(self, moment: datetime) -> Range | None:
        """The last range that ends at or before the moment."""
        return next((r for r in reversed(self.ranges) if r.end <= moment), None)


def coverage(catalog: Catalog, table: Table) -> Coverage | None:
    """None where it is not partitioned by ranges of one column of time, has no such partition,
    or has a bound that can't be read (infinity, BC)."""
    key = table.partition_key
    if key is None or key.strategy != "range" or len(key.columns) != 1 or key.columns[0] is None:
        return None
    column = table.column(key.columns[0])
    if column.type.partition("(")[0].strip() not in TIME_TYPES and column.base_type not in (
        TIME_TYPES
    ):
        return None
    ranges: list[Range] = []
    for child in catalog.children(table):
        if child.partition_bound is None or child.partition_bound == "DEFAULT":
            continue
        found = _range(child.partition_bound)
        if found is None:
            return None
        ranges.append(found)
    if not ranges:
        return None
    ranges.sort(key=lambda r: r.start)
    return Coverage(column.name, column.base_type, tuple(ranges))


def default_partition(catalog: Catalog, table: Table) -> Table | None:
    return next((c for c in catalog.children(table) if c.partition_bound == "DEFAULT"), None)


def is_aware(found: Coverage) -> bool:
    """Are its bounds moments, whatever the session's time zone?"""
    return found.type == "timestamp with time zone"


def next_ranges(last: Range, until: datetime, at_most: int) -> tuple[Range, ...]:
    """What follows `last` in the same rhythm, up to the range that holds `until`.

    Empty where the rhythm is not clear (local days or months seen in UTC) or it takes too many.
    """
    found: list[Range] = []
    end: datetime | None = last.end
    while found == [] or found[-1].end <= until:
        start = end
        end = _step(last, start) if start is not None else None
        if start is None or end is None or len(found) == at_most:
            return ()
        found.append(Range(start, end))
    return tuple(found)


def write_bound(found: Coverage, moment: datetime) -> str:
    """As an SQL string constant of the column's type."""
    if found.type == "date":
        return f"'{moment:%Y-%m-%d}'"
    text = moment.replace(tzinfo=None).isoformat(" ")  # with microseconds where there are any
    return f"'{text}{'+00' if is_aware(found) else ''}'"


def _range(bound: str) -> Range | None:
    """`FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)`, as the server writes it."""
    start, mark, end = bound.removeprefix(START).removesuffix(")").partition(BETWEEN)
    first, last = _moment(start), _moment(end)
    return Range(first, last) if mark and first is not None and last is not None else None


def _moment(text: str) -> datetime | None:
    if text == "MINVALUE":
        return FIRST
    if text == "MAXVALUE":
        return LAST
    try:
        moment = datetime.fromisoformat(text.strip("'"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _step(last: Range, start: datetime) -> datetime | None:
    """The end of the range that begins at `start`, as wide as `last` is in the calendar."""
    if not last.bounded:
        return None
    if last.start.day == last.end.day == 1 and _midnight(last.start) and _midnight(last.end):
        months = (last.end.year - last.start.year) * 12 + last.end.month - last.start.month
        month = start.month - 1 + months
        return start.replace(year=start.year + month // 12, month=month % 12 + 1)
    if last.width < DAY or (_midnight(last.start) and _midnight(last.end)):
        return start + last.width
    return None


def _midnight(moment: datetime) -> bool:
    return moment.time() == moment.min.time()

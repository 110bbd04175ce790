"""How wide partitions may be: years, months, weeks, days; or a round number of ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbwright.tune.partitions.axis import DAY, moment_of, number_of
from dbwright.tune.partitions.timeline import Timeline

__all__ = ["Interval", "intervals"]

MONDAY = 4 * DAY
"""1970-01-05."""
FEWEST, MOST = 4, 200
"""Partitions: fewer are not worth the trouble, more make each plan dearer."""
ROUND = tuple(digit * 10**power for power in range(3, 18) for digit in (1, 2, 5))
TRIED = 3
MARGIN = 7 * DAY


@dataclass(frozen=True, slots=True)
class Interval:
    """The width of partitions."""

    name: str
    """`year`, `month`, `week`, `day`, or how many ids."""
    step: int
    """On the axis; of months and years a typical one."""

    def start(self, number: int) -> int:
        """Where the partition begins that holds the number."""
        if self.name in ("year", "month"):
            moment = moment_of(number).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            return number_of(moment.replace(month=1) if self.name == "year" else moment)
        origin = MONDAY if self.name == "week" else 0
        return origin + (number - origin) // self.step * self.step

    def following(self, start: int) -> int:
        """Where the partition after the one that begins at `start` begins."""
        if self.name == "year":
            return self.start(start + 370 * DAY)
        if self.name == "month":
            return self.start(start + 32 * DAY)
        return start + self.step

    def ranges(self, low: int, high: int) -> tuple[tuple[int, int], ...]:
        """From (included) and to (excluded) of the partitions that hold all from `low` to `high`
        (both included)."""
        found: list[tuple[int, int]] = []
        start = self.start(low)
        while start <= high:
            end = self.following(start)
            found.append((start, end))
            start = end
        return tuple(found)

    def ahead(self, after: int, count: int) -> tuple[tuple[int, int], ...]:
        """The first `count` ranges that begin well after `after`: there must be time to get
        everything in place before rows reach them, and `after` may not be the last one."""
        margin = min(self.step, MARGIN) if self.timed else self.step
        start = self.following(self.start(after + margin))
        found: list[tuple[int, int]] = []
        for _ in range(count):
            found.append((start, self.following(start)))
            start = found[-1][1]
        return tuple(found)

    @property
    def timed(self) -> bool:
        return self.name in CALENDAR

    def suffix(self, start: int) -> str:
        """What tells the partition from its neighbours in its name: `2026_11`."""
        if not self.timed:
            return str(start)
        moment = moment_of(start)
        if self.name == "year":
            return f"{moment:%Y}"
        return f"{moment:%Y_%m}" if self.name == "month" else f"{moment:%Y_%m_%d}"


CALENDAR = {
    "year": Interval("year", int(timedelta(days=365.25).total_seconds()) * 10**6),
    "month": Interval("month", int(timedelta(days=30.44).total_seconds()) * 10**6),
    "week": Interval("week", 7 * DAY),
    "day": Interval("day", DAY),
}


def intervals(line: Timeline, bytes_: float, largest_bytes: float) -> tuple[Interval, ...]:
    """Those worth a trial, the widest first: of a sane number of partitions, and of a sane size
    each wherever any is. `bytes_`: of the whole table."""
    low, high = line.low, line.high
    known = tuple(CALENDAR.values()) if line.axis.is_time else _counted(high - low)
    found = [one for one in known if FEWEST <= (high - low) / one.step <= MOST]
    small = [one for one in found if bytes_ * _largest_share(line, one) <= largest_bytes]
    return tuple((small or found[-1:])[:TRIED])


def _counted(width: int) -> tuple[Interval, ...]:
    wanted = [step for step in reversed(ROUND) if 10 <= width / step <= 60]
    return tuple(Interval(f"{step:,} ids", step) for step in wanted[:TRIED])


def _largest_share(line: Timeline, interval: Interval) -> float:
    return max(line.between(start, end) for start, end in interval.ranges(line.low, line.high))

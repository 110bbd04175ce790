"""How fast it goes, and how long it will take: of the last half minute, pauses and all."""

from __future__ import annotations

from collections import deque

__all__ = ["Pace"]

WINDOW = 30.0
"""Seconds."""


class Pace:
    """Of rows that were gone over."""

    def __init__(self, passed: int, now: float) -> None:
        """`now`: seconds of a clock that never goes back."""
        self._marks = deque([(now, passed)])

    def note(self, passed: int, now: float) -> None:
        """So many rows are passed now."""
        self._marks.append((now, passed))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW:
            self._marks.popleft()

    @property
    def rows_per_second(self) -> float:
        """0 where it is not known yet."""
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        return (last - first) / (ended - began) if ended > began else 0.0

    def words(self, total: int) -> str:
        """For people: rows a second, and the time left to so many rows."""
        rate = self.rows_per_second
        if rate <= 0:
            return "just begun"
        passed = self._marks[-1][1]
        if passed >= total:
            return f"{rate:,.0f} rows/s, more rows than were estimated"
        left = (total - passed) / rate
        return f"{rate:,.0f} rows/s, {_long(left)} left"


def _long(seconds: float) -> str:
    """A time to come, as exactly as it can be told."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"about {max(1, round(seconds))} s"
    if minutes < 120:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"

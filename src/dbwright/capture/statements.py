"""What is added up for one statement sent from one place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from math import hypot
from typing import Any

from dbwright.capture.call_site import Site
from dbwright.capture.placeholders import Values

__all__ = ["COMPACT_AT", "COMPACT_EACH_AT", "EXAMPLES", "Statement", "used"]

SHORTEST = 1e-6
"""Seconds; the upper bound of bucket 0."""

BUCKETS_PER_OCTAVE = 4
"""Bucket n holds times up to SHORTEST * 2 ** (n / 4): a quantile is right within a fifth."""

BOUNDS = tuple(SHORTEST * 2 ** (n / BUCKETS_PER_OCTAVE) for n in range(140))
"""Up to 8 hours."""

COMPACT_AT = 20_000
"""Times that are kept one by one, of all statements, before they are added up."""

COMPACT_EACH_AT = 256
"""The same of one statement: few enough that the processor still has them at hand."""

EXAMPLES = 5
"""Sets of values that are kept of one statement between two writings."""


class Statement:
    """Figures since they were last written. Times in seconds of the recorder's clock."""

    __slots__ = (
        "batches", "calls", "code", "cut", "defined_in", "errors", "examples", "first",
        "histogram", "last", "longest", "names", "number", "rows", "rows_known", "sets",
        "shortest", "site", "squares", "text", "times", "total",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        text: str,
        names: tuple[str, ...],
        site: Site | None,
        code: Any,
        cut: int,
    ) -> None:
        self.number = number
        self.text = text
        self.names = names
        """Of named placeholders."""
        self.site = site
        self.code = code
        """Kept alive, for places are compared by its identity."""
        self.cut = cut
        """Characters of the whole text, where only its beginning is kept."""
        self.defined_in = ""
        """The file that holds this statement's text already."""
        self.clear()

    def clear(self) -> None:
        self.calls = 0
        self.times: list[float] = []
        """Not yet added up."""
        self.total = self.squares = self.longest = 0.0
        self.shortest = float("inf")
        self.histogram: dict[int, int] = {}
        self.rows = 0
        self.rows_known = False
        self.errors = 0
        self.batches = 0
        """Calls that sent many sets of values, and how many sets those were."""
        self.sets = 0
        self.first = self.last = 0.0
        self.examples: list[Values] = []

    def compact(self) -> None:
        """Add the single times up."""
        times, self.times = self.times, []
        if not times:
            return
        times.sort()
        self.calls += len(times)
        self.total += sum(times)
        self.squares += hypot(*times) ** 2
        self.shortest = min(self.shortest, times[0])
        self.longest = max(self.longest, times[-1])
        position = 0
        while position < len(times):
            bucket = bisect_left(BOUNDS, times[position])
            limit = BOUNDS[bucket] if bucket < len(BOUNDS) else float("inf")
            end = bisect_right(times, limit, position)
            self.histogram[bucket] = self.histogram.get(bucket, 0) + end - position
            position = end

    def definition(self) -> dict[str, Any]:
        """The line that says what the number stands for."""
        line: dict[str, Any] = {"kind": "statement", "id": self.number, "text": self.text}
        if self.site is not None:
            line["site"] = self.site._asdict()
        if self.cut:
            line["cut"] = self.cut
        return line

    def figures(self) -> dict[str, Any]:
        """The line with what was added up; `first` and `last` are still the recorder's clock."""
        line: dict[str, Any] = {
            "kind": "calls",
            "id": self.number,
            "calls": self.calls,
            "seconds": round(self.total, 9),
            "squares": self.squares,
            "min": round(self.shortest, 9) if self.calls else 0.0,
            "max": round(self.longest, 9),
            "histogram": sorted(self.histogram.items()),
            "first": self.first,
            "last": self.last,
        }
        if self.rows_known:
            line["rows"] = self.rows
        if self.errors:
            line["errors"] = self.errors
        if self.batches:
            line["batches"] = self.batches
            line["sets"] = self.sets
        if self.examples:
            line["values"] = self.examples
        return line


def used(statements: Iterable[Statement]) -> list[Statement]:
    """Those with anything to write, added up."""
    found = [each for each in statements if each.times or each.calls or each.errors]
    for statement in found:
        statement.compact()
    return found

"""What is counted between two writings, and the lines that come of it."""

from __future__ import annotations

from typing import Any

from dbwright.capture.statements import Statement
from dbwright.capture.totals import Totals

__all__ = ["Interval"]


class Interval:
    """Calls since the last writing. Times of the recorder's clock, in seconds."""

    def __init__(self, began: float, passed: int) -> None:
        self.recorded = 0
        """Calls that were added up."""
        self.lost = 0
        """Calls that could not be written."""
        self._began = began
        self._passed = passed
        """Of the calls that a closed gate let pass those that are told already."""

    def lines(
        self, totals: Totals, passed: int, now: float, offset: float, last: bool
    ) -> tuple[list[dict[str, Any]], list[Statement], int]:
        """The lines to write, the statements that they are of, and the calls in them.

        passed: calls that the gate let pass so far. offset: what makes seconds since 1970 of the
        clock. last: nothing comes after it.
        """
        calls, sequences, statements = totals.take()
        # Where none was recorded, they count for those that are recorded next.
        missed = passed - self._passed if self.recorded or last else 0
        if missed and self.recorded:
            for line in calls:
                line["scale"] = round((self.recorded + missed) / self.recorded, 6)
        lines = calls + sequences
        for line in lines:
            line["first"] = round(line["first"] + offset, 6)
            line["last"] = round(line["last"] + offset, 6)
        counted, lost = totals.sequences, self.lost + totals.lost
        if lines or lost or missed or counted.transactions:
            lines.append(
                {
                    "kind": "interval",
                    "from": round(self._began + offset, 3),
                    "to": round(now + offset, 3),
                    "transactions": counted.transactions,
                    "of_one_statement": counted.of_one_statement,
                    "longer": counted.longer,
                    "sampled": len(counted.sampled),
                    "lost": lost,
                    "missed": missed,
                }
            )
        self._began, self._passed = now, self._passed + missed
        self.recorded = self.lost = totals.lost = 0
        counted.clear()
        return lines, statements, sum(line["calls"] for line in calls)

"""The values of a column of time, or of a counting number, as numbers on one line.

Times are microseconds since 1970 (UTC), dates the same at midnight, integers themselves: so
histograms can be cut and boundaries laid without knowing which of them it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dbwright.model.catalog import Column

__all__ = ["DAY", "Axis", "axis_of", "moment_of", "number_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
"""In microseconds."""
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
INTEGERS = ("smallint", "integer", "bigint")


def number_of(moment: datetime) -> int:
    """The moment (aware) in microseconds."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(number: int) -> datetime:
    """The moment (UTC) of that many microseconds."""
    return EPOCH + number * MICROSECOND


@dataclass(frozen=True, slots=True)
class Axis:
    """How the values of one column are numbers."""

    type: str
    """The column's: of `TIMES` or `INTEGERS`."""

    @property
    def is_time(self) -> bool:
        return self.type in TIMES

    def number(self, text: str) -> int | None:
        """The value that pg_stats shows; None for what has no place on the line (infinity, BC)."""
        try:
            if not self.is_time:
                return int(text)
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return number_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def value(self, number: int) -> str:
        """The value as pg_stats would show it."""
        if not self.is_time:
            return str(number)
        moment = moment_of(number)
        if self.type == "date":
            return f"{moment:%Y-%m-%d}"
        text = moment.replace(tzinfo=None).isoformat(" ")
        return f"{text}+00" if self.type == "timestamp with time zone" else text

    def literal(self, number: int) -> str:
        """The value as SQL."""
        return f"'{self.value(number)}'" if self.is_time else str(number)


def axis_of(column: Column) -> Axis | None:
    """None for a column that is neither a time nor an integer."""
    known = column.base_type in TIMES + INTEGERS and not column.is_array and column.domain is None
    return Axis(column.base_type) if known else None

"""Periods of time (days, months …): where they begin and end, and whether each is one stretch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "SHORT",
    "UNITS",
    "WITHOUT_CHANGES",
    "YEARS",
    "always_one_midnight",
    "following",
    "is_start",
    "local",
    "one_midnight",
    "written",
]

UNITS = ("minute", "hour", "day", "week", "month", "quarter", "year")
SHORT = ("minute", "hour")
"""Those that a clock that is set back has twice."""
YEARS = range(1, 9998)
EARLIEST, LATEST = 1840, 2100
"""Before, nobody changed clocks; after, the rules go on as they are."""
WITHOUT_CHANGES = frozenset(("utc", "etc/utc", "gmt", "etc/gmt", "uct", "zulu", "z"))


def is_start(moment: datetime, unit: str) -> bool:
    """Does a period of the unit begin there?"""
    return moment == _floor(moment, unit)


def following(start: datetime, unit: str) -> datetime:
    """The start of the next period."""
    if unit == "month":
        return (start + timedelta(days=32)).replace(day=1)
    if unit == "quarter":
        return (start + timedelta(days=100)).replace(day=1)
    if unit == "year":
        return start.replace(year=start.year + 1)
    return start + timedelta(**{f"{unit}s": 1})


def written(moment: datetime) -> str:
    """As SQL writes it; a day where it is midnight."""
    midnight = moment == moment.replace(hour=0, minute=0, second=0)
    return moment.date().isoformat() if midnight else moment.isoformat(sep=" ")


def local(moment: datetime, zone: str) -> datetime | None:
    """The moment as the clocks of the zone show it (one that tells no zone: as it is); None where
    the zone is not known."""
    if moment.tzinfo is None:
        return moment
    try:
        own = UTC if zone.lower() in WITHOUT_CHANGES else ZoneInfo(zone)
        return moment.astimezone(own).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return None


def one_midnight(moment: datetime, zone: str) -> bool:
    """Is the midnight there only once, so that all before it is another day than all after it?

    Where clocks were set back from a minute past midnight, the day before goes on after it. False
    as well for a zone that is not known.
    """
    if zone.lower() in WITHOUT_CHANGES:
        return True
    try:
        own = moment.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    first, second = own.replace(fold=0).utcoffset(), own.replace(fold=1).utcoffset()
    assert first is not None and second is not None
    return first <= second


@cache
def always_one_midnight(zone: str, *, since: int = EARLIEST) -> bool:
    """Is no midnight there twice in any year from `since` on?"""
    if zone.lower() in WITHOUT_CHANGES:
        return True
    first = datetime(since, 1, 1)
    days = (datetime(LATEST, 1, 1) - first).days
    return all(one_midnight(first + timedelta(days=number), zone) for number in range(days))


def _floor(moment: datetime, unit: str) -> datetime:
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = datetime(moment.year, moment.month, moment.day)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day

"""Times as logs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["Clock"]

_STAMP = re.compile(
    rb"(\d\d\d\d)-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d+))? ?"
    rb"([A-Za-z_]+|[+-]\d\d(?::?\d\d)?)?"
)
HOURS_FROM_UTC: dict[str, float] = {
    "UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "KST": 9,
    "AEST": 10, "AEDT": 11, "ACST": 9.5, "AWST": 8, "NZST": 12, "NZDT": 13, "SAST": 2,
}  # fmt: skip
"""As PostgreSQL reads these abbreviations by default (timezonesets/Default)."""


class Clock:
    """Reads the times of one log. `unknown_zones` are those it took for UTC."""

    def __init__(self) -> None:
        self.unknown_zones: set[str] = set()
        self._seconds: dict[bytes, float] = {}

    def moment(self, time: bytes) -> datetime | None:
        """None where the log has no time (or one that can't be one)."""
        match = _STAMP.match(time)
        if match is None:
            return self._epoch(time)
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        fraction = int((match[7] or b"0").ljust(6, b"0")[:6])
        zone = self._zone((match[8] or b"UTC").decode())
        try:
            local = datetime(year, month, day, hour, minute, min(second, 59), fraction, zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def seconds(self, time: bytes) -> float:
        """Since 1970; 0 where the log has no time. Cheap for times close to one another."""
        second = time[:19]
        base = self._seconds.get(second)
        if base is None:
            moment = self.moment(time)
            if moment is None:
                return 0.0
            base = moment.replace(microsecond=0).timestamp()
            if len(self._seconds) > 1000:
                self._seconds.clear()
            if _STAMP.match(time):
                self._seconds[second] = base
            else:
                return moment.timestamp()
        fraction = time[20:23]
        return base + int(fraction) / 1000 if time[19:20] == b"." and fraction.isdigit() else base

    def _epoch(self, time: bytes) -> datetime | None:
        """%n: seconds since 1970, with milliseconds."""
        try:
            return datetime.fromtimestamp(float(time), UTC)
        except (ValueError, OverflowError):
            return None

    def _zone(self, name: str) -> timezone:
        if name[:1] in "+-":
            digits = name[1:].replace(":", "").ljust(4, "0")
            ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
            return timezone(ahead if name[0] == "+" else -ahead)
        hours = HOURS_FROM_UTC.get(name)
        if hours is None:
            self.unknown_zones.add(name)
            return timezone(timedelta(0))
        return timezone(timedelta(hours=hours))

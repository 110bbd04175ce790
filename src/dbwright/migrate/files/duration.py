"""Times as options write them: `500ms`, `5s`, `2min`."""

from __future__ import annotations

import re

from dbwright.errors import BadMigration

__all__ = ["duration", "read_duration"]

DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)?")
UNITS = {None: 0.001, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
"""In seconds; without one it is milliseconds, as in PostgreSQL's own settings."""
LONGEST = 2147483.0


def duration(text: str) -> float | None:
    """Seconds of a text such as `500ms`, `5s` or `2min`; None where it is none, or longer than
    the server's settings can be. Less than a millisecond is one: 0 would be without a limit."""
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    seconds = float(match[1]) * UNITS[match[2]]
    if seconds > LONGEST:
        return None
    return max(seconds, 0.001) if seconds else 0.0


def read_duration(value: str | None, name: str, place: str) -> float:
    """Seconds of an option's value. Raises BadMigration."""
    seconds = duration(value or "")
    if seconds is None:
        raise BadMigration(f"{place}: {name} takes a time", f"write for example: {name}: 500ms")
    return seconds

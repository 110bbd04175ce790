"""Parameter values as logs write them: `parameters: $1 = 'it''s', $2 = NULL`."""

from __future__ import annotations

import re

__all__ = ["parameter_values", "whole_values"]

CUT = "..."
"""Where log_parameter_max_length cut a value off, inside of its quotes."""

_VALUE = re.compile(rb"\$(\d{1,5}) = (?:'([^']*(?:''[^']*)*)'|NULL)(?:, |\Z)")


def parameter_values(detail: bytes) -> tuple[str | None, ...]:
    """The values in order, as text; None for NULL. Empty where it says nothing of parameters.

    A value that log_parameter_max_length cut off ends where it was cut, with three points: enough
    to tell calls apart.
    """
    start = detail.find(b"$1 = ")
    if start < 0 or not detail[:start].lower().endswith(b"parameters: "):
        return ()
    values: list[str | None] = []
    position = start
    while match := _VALUE.match(detail, position):
        if int(match[1]) != len(values) + 1:
            break
        value = match[2]
        values.append(None if value is None else _text(value.replace(b"''", b"'")))
        position = match.end()
    return tuple(values)


def whole_values(detail: bytes) -> tuple[str | None, ...]:
    """As `parameter_values`, for running the statement with them: empty where one may be cut, for
    its beginning is another value, or none of its type."""
    values = parameter_values(detail)
    return () if any(value is not None and value.endswith(CUT) for value in values) else values


def _text(value: bytes) -> str:
    return value.replace(b"\0", b"").decode(errors="replace")

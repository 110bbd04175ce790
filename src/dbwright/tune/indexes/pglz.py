"""How far PostgreSQL's own compression gets with a value (pg_lzcompress.c), about.

A repetition of 3 to 273 bytes within the last 4095 is written in two bytes or three, anything else
as it is, with a bit for each that tells which. What does not get a quarter smaller stays as it is.
"""

from __future__ import annotations

__all__ = ["compressed_bytes"]

SHORTEST, LONGEST = 3, 273
TWO_BYTES = 17
"""Up to this length a repetition takes two bytes."""
BACK = 4095
HEADER = 8
WORTH = 0.75
GIVEN_UP = 1024
"""Bytes without any repetition."""


def compressed_bytes(data: bytes) -> int:
    """With its header; the value's own length where it is not compressed."""
    last: dict[bytes, int] = {}
    place, bits, found = 0, 0, False
    while place < len(data):
        if not found and place > GIVEN_UP:
            return len(data)
        length = _repeated(data, last.get(data[place : place + SHORTEST]), place)
        for step in range(place, place + length):
            last[data[step : step + SHORTEST]] = step
        found = found or length > 1
        bits += 9 if length == 1 else 17 if length <= TWO_BYTES else 25
        place += length
    size = HEADER + bits // 8
    return size if size < WORTH * len(data) else len(data)


def _repeated(data: bytes, before: int | None, place: int) -> int:
    """How many bytes from `place` on are those from `before` on; 1 where it is no repetition."""
    if before is None or place - before > BACK:
        return 1
    most = min(LONGEST, len(data) - place)
    length = 0
    while length < most and data[before + length] == data[place + length]:
        length += 1
    return length if length >= SHORTEST else 1

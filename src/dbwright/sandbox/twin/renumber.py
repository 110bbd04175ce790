"""Extended statistics speak of columns by number, and a twin's tables have no dropped columns.

The layouts are those of PostgreSQL's `mvdistinct.c` and `dependencies.c` (the same from 12 to 18):
three 4-byte words (magic, type, items), then the items. Of n-distinct counts: a double, a 4-byte
count, 2-byte column numbers. Of dependencies: a double, a 2-byte count, 2-byte column numbers.
Lists of common values name no columns. Expressions have negative numbers, which stay.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = ["renumbered"]

HEADER = struct.Struct("=III")
COUNTS = {"ndistinct": struct.Struct("=di"), "dependencies": struct.Struct("=dh")}
NUMBER = struct.Struct("=h")


def renumbered(kind: str, data: bytes, numbers: Mapping[int, int]) -> bytes:
    """The same data with other column numbers. Raises ValueError where it is laid out otherwise."""
    counts = COUNTS.get(kind)
    if counts is None or all(old == new for old, new in numbers.items()):
        return data
    changed = bytearray(data)
    try:
        _, _, items = HEADER.unpack_from(data)
        place = HEADER.size
        for _ in range(items):
            _, columns = counts.unpack_from(data, place)
            place += counts.size
            for _ in range(columns):
                (old,) = NUMBER.unpack_from(data, place)
                NUMBER.pack_into(changed, place, numbers.get(old, old))
                place += NUMBER.size
    except struct.error as problem:
        raise ValueError(f"{kind} statistics are not laid out as expected: {problem}") from None
    if place != len(data):
        raise ValueError(f"{kind} statistics are not laid out as expected")
    return bytes(changed)

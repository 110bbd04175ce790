"""Files of relations that are as large as production's and take no room.

The planner takes a relation's size from its file and a b-tree's height from its first page, so both
are made: the file sparse, all zero pages (which the server takes for new ones), and the b-tree as a
chain of pages down to one empty leaf, so that even a scan of it finds nothing and no fault.

Written while the server is down. Page layout: bufpage.h, nbtree.h, itup.h; the same in all majors
from 12 to 18.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PAGE", "resize", "write_btree"]

PAGE = 8192
SEGMENT_PAGES = 131072
"""Of a file; what is beyond is in the next one (1 GiB: no package of PostgreSQL has another)."""

# The folder is the server's user's: a link there must not lead us elsewhere.
FLAGS = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW

HEADER = struct.Struct("<QHHHHHHI")
"""LSN, check sum, flags, lower, upper, special, size and layout version, oldest to prune."""
LAYOUT = 4
OPAQUE = struct.Struct("<IIIHH")
"""Left and right neighbour, level, flags, vacuum cycle: at the end of each b-tree page."""
LEAF, ROOT = 1, 2
META = struct.Struct("<IIII")
"""Root, its level, fast root, its level: after the magic number and the version."""
META_OFFSET = HEADER.size + 8
ITEM = struct.Struct("<I")
NORMAL = 1
DOWNLINK = struct.Struct("<HHHH")
"""Block (high, low), number of key columns, size and flags: the tuple below all others."""
NO_COLUMNS = 0x2000 | DOWNLINK.size


def resize(file: Path, pages: int) -> None:
    """Make the relation that many pages long, without writing one. Raises OSError."""
    status = file.stat()
    for number, length in _segments(pages):
        segment = file if number == 0 else file.with_name(f"{file.name}.{number}")
        descriptor = os.open(segment, FLAGS | os.O_CREAT, 0o600)
        try:
            if number > 0 and (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
                os.fchown(descriptor, status.st_uid, status.st_gid)
            os.ftruncate(descriptor, length * PAGE)
        finally:
            os.close(descriptor)


def write_btree(file: Path, height: int) -> None:
    """Give an empty b-tree that height (0: the root is a leaf), which needs `height + 2` pages.

    Raises OSError.
    """
    with os.fdopen(os.open(file, FLAGS), "wb") as opened:
        opened.seek(META_OFFSET)
        opened.write(META.pack(1, height, 1, height))
        for level in range(height, -1, -1):
            block = 1 + height - level
            opened.seek(block * PAGE)
            opened.write(_page(level, root=level == height, child=block + 1))


def _segments(pages: int) -> Iterator[tuple[int, int]]:
    """Number and length (pages) of each file; the first is there even when it is empty."""
    number = 0
    while True:
        yield number, min(pages, SEGMENT_PAGES)
        pages -= SEGMENT_PAGES
        if pages <= 0:
            return
        number += 1


def _page(level: int, *, root: bool, child: int) -> bytes:
    special = PAGE - OPAQUE.size
    flags = (ROOT if root else 0) | (LEAF if level == 0 else 0)
    lower, upper = HEADER.size, special
    page = bytearray(PAGE)
    if level > 0:
        upper -= DOWNLINK.size
        ITEM.pack_into(page, lower, upper | NORMAL << 15 | DOWNLINK.size << 17)
        DOWNLINK.pack_into(page, upper, child >> 16, child & 0xFFFF, 0, NO_COLUMNS)
        lower += ITEM.size
    HEADER.pack_into(page, 0, 0, 0, 0, lower, upper, special, PAGE | LAYOUT, 0)
    OPAQUE.pack_into(page, special, 0, 0, level, flags, 0)
    return bytes(page)

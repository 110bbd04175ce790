"""How long CREATE INDEX will take, roughly: for planning a migration, not for comparing plans.

Reading the table, forming and sorting a tuple for each row, writing the pages. The constants are
of one core of a server of 2020 to 2025 and a cloud disk, parallel workers left out, so it errs on
the slow side for a table in memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dbwright.tune.indexes.size import IndexSize
from dbwright.tune.indexes.widths import KeyWidth

__all__ = ["build_seconds"]

READ_BYTES_PER_SECOND = 200e6
"""As for the other estimates of dbwright: a cautious rate of a cloud disk."""
WRITE_BYTES_PER_SECOND = 150e6
"""Pages and their write-ahead log together."""
ROW_SECONDS = 0.25e-6
"""To read a row and form its tuple."""
COMPARE_SECONDS = 20e-9
"""A step of the sort, where the first key is a number or a time that tells two rows apart."""
TEXT_SECONDS = 150e-9
"""More for texts that differ, by the rules of a language (under the collation C it is less)."""
EQUAL_SECONDS = 40e-9
NEXT_TEXT_SECONDS = 80e-9
"""More where the keys so far are equal, and the next column is looked at."""
SORT_OVERHEAD = 24
"""Bytes of memory beside each tuple."""
GIN_ENTRY_SECONDS = 1.5e-6


def build_seconds(
    method: str,
    size: IndexSize,
    keys: Sequence[KeyWidth],
    *,
    rows: float,
    table_bytes: float,
    maintenance_work_mem: float = 64 * 2**20,
    concurrently: bool = True,
) -> float:
    """Seconds to build an index of that `size` and `keys` on a table of so many `rows` and bytes.

    CONCURRENTLY reads the table twice; that it waits for transactions which run already is not
    counted. Memory in bytes.
    """
    scans = 2 if concurrently else 1
    reading = scans * (table_bytes / READ_BYTES_PER_SECOND + rows * ROW_SECONDS)
    writing = size.bytes / WRITE_BYTES_PER_SECOND
    if method == "brin":
        return reading + writing
    kept = max(size.tuples, 1.0)
    if method == "gin":
        return reading + writing + kept * size.entries * GIN_ENTRY_SECONDS
    sorting = kept * math.log2(kept + 1) * _compare_seconds(keys, size.distinct, kept)
    if kept * (size.entry_bytes + SORT_OVERHEAD) > maintenance_work_mem:
        # Runs go to disk and come back.
        spilled = kept * size.entry_bytes
        sorting += spilled / WRITE_BYTES_PER_SECOND + spilled / READ_BYTES_PER_SECOND
    if concurrently:  # the second pass sorts the rows' addresses
        sorting += kept * math.log2(kept + 1) * COMPARE_SECONDS
    return reading + sorting + writing


def _compare_seconds(keys: Sequence[KeyWidth], distinct: Sequence[float], rows: float) -> float:
    """Of one comparison on average. Of the log2(rows) comparisons that a row takes the last
    log2(rows of its key) are with rows of an equal key, and go on to the next column."""
    seconds, steps = COMPARE_SECONDS, math.log2(rows + 1)
    for key, following, count in zip(keys, [*keys[1:], None], distinct, strict=False):
        equal = math.log2(max(rows / max(count, 1.0), 1.0)) / steps
        if key is keys[0] and _is_text(key):
            seconds += (1 - equal) * TEXT_SECONDS
        next_text = following is not None and _is_text(following)
        seconds += equal * (NEXT_TEXT_SECONDS if next_text else EQUAL_SECONDS)
    return seconds


def _is_text(key: KeyWidth) -> bool:
    """Rather than a number of any length, whose first digits are compared at once."""
    return key.varying and key.deduplicates

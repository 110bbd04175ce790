"""How many pages a table's rows would fill if they were packed, from column statistics.

The well-known estimate (ioguix, "pgsql-bloat-estimation"), but with each column at its own
alignment, and rounded so that it errs towards "not bloated".
"""

from __future__ import annotations

import math

from dbwright.check.rules.maintenance._storage import Stored
from dbwright.model.statistics import Statistics

__all__ = ["packed_pages", "row_bytes"]

PAGE_HEADER = 24
LINE_POINTER = 4
ROW_HEADER = 23
MAXIMUM_ALIGNMENT = 8
SHORT_VALUE = 126
"""A value up to here has a header of one byte and no alignment."""


def packed_pages(
    statistics: Statistics, relation: Stored, rows: float, block_size: int
) -> int | None:
    """Pages for so many rows at the table's fill factor; None where a width is not known."""
    width = row_bytes(statistics, relation)
    if width is None:
        return None
    fill = int(dict(relation.options).get("fillfactor", "100")) / 100
    a_page = max(1, math.floor((block_size - PAGE_HEADER) * fill / (width + LINE_POINTER)))
    return math.ceil(rows / a_page)


def row_bytes(statistics: Statistics, relation: Stored) -> int | None:
    """Of an average row, with its header; None where a column's width is not known."""
    data, nulls = 0.0, False
    for column in relation.columns:
        if column.generated == "virtual":
            continue
        known = statistics.of_column(relation, column)
        width = float(known.average_width) if known else float(column.type_length)
        if width < 0:
            return None
        present = 1 - known.null_fraction if known else 1.0
        nulls = nulls or present < 1
        if column.type_length > 0 or width > SHORT_VALUE:
            data = _align(data, column.type_alignment)
        data += width * present
    natts = max((column.position for column in relation.columns), default=0)
    header = ROW_HEADER + (math.ceil(natts / 8) if nulls else 0)
    return int(_align(header, MAXIMUM_ALIGNMENT) + _align(data, MAXIMUM_ALIGNMENT))


def _align(size: float, alignment: int) -> float:
    return math.ceil(size / alignment) * alignment

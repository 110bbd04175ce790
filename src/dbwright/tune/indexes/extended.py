"""How many different combinations of columns a table has, where that is known."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.statistics import Statistics

__all__ = ["decoded_ndistinct", "known_combinations"]

MAGIC = 0xA352BFA4
"""STATS_NDISTINCT_MAGIC (statistics.h)."""


def known_combinations(
    relation: Table | MaterializedView, catalog: Catalog, statistics: Statistics, rows: float
) -> Mapping[frozenset[str], float]:
    """By the names of the columns: as many as rows where a key or a unique index says so, else
    what extended statistics hold (they are read with all values only), else at most as many as a
    foreign key of several columns has rows to point to."""
    found = _of_foreign_keys(relation, catalog, statistics, rows)
    names = {column.position: column.name for column in relation.columns}
    for extended in catalog.extended_statistics:
        if extended.table == relation.qualified and "ndistinct" in extended.kinds:
            for data in statistics.extended:
                if (data.schema, data.name) == (extended.schema, extended.name):
                    parts = dict(data.parts)
                    for positions, count in decoded_ndistinct(parts.get("ndistinct", "")):
                        if positions <= names.keys():
                            found[frozenset(names[place] for place in positions)] = count
    for index in relation.indexes:
        if index.unique and not index.partial and index.valid:
            columns = frozenset(name for name in index.columns if name is not None)
            whole = len(columns) == len(index.keys)
            if whole and not any(_nulls(relation, name, statistics) for name in columns):
                found[columns] = rows
    return found


def _of_foreign_keys(
    relation: Table | MaterializedView, catalog: Catalog, statistics: Statistics, rows: float
) -> dict[frozenset[str], float]:
    found: dict[frozenset[str], float] = {}
    for key in relation.foreign_keys if isinstance(relation, Table) else ():
        target = catalog.find_table(key.references)
        counted = None if target is None else statistics.of(target)
        if len(key.columns) > 1 and counted is not None and counted.best_rows > 0:
            # As many of them as so many rows reach by chance.
            reached = -math.expm1(-rows / counted.best_rows)
            found[frozenset(key.columns)] = counted.best_rows * reached
    return found


def decoded_ndistinct(data: str) -> Iterator[tuple[frozenset[int], float]]:
    """Column positions and number of combinations, from the server's own bytes in hexadecimal
    (mvdistinct.c, statext_ndistinct_serialize); nothing where they are of another form."""
    raw = bytes.fromhex(data)
    for order in ("<", ">"):
        if len(raw) >= 12 and struct.unpack_from(f"{order}I", raw)[0] == MAGIC:
            break
    else:
        return
    (items,) = struct.unpack_from(f"{order}I", raw, 8)
    place = 12
    for _ in range(items):
        count, attributes = struct.unpack_from(f"{order}di", raw, place)
        place += 12
        positions = struct.unpack_from(f"{order}{attributes}h", raw, place)
        place += 2 * attributes
        yield frozenset(positions), count


def _nulls(relation: Table | MaterializedView, name: str, statistics: Statistics) -> bool:
    known = statistics.of_column(relation, name)
    return known is not None and known.null_fraction > 0

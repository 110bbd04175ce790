"""Rows to try a query on: empty tables, NULLs, duplicates, ties, and values that meet.

All of it follows from the query, the catalog and fixed seeds: two runs make the same rows. Rows
that a constraint forbids are made all the same; the server leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from dbwright.model.catalog import Catalog, Table
from dbwright.tune.rewrites.generated_rows import Row, Shape, Wanted, made_rows

__all__ = ["DataSet", "Row", "Wanted", "data_sets", "load_order", "with_referred"]

SEEDS = 10
FOCUSED = 3
"""Sets of rows that all but meet the query's conditions."""
FURTHER = 32
"""More of them, where those gave no two different answers."""
ROWS = 8
REFERRED = 3
"""Values of a foreign key's column that rows of the other table are made for."""
UNUSUAL = ((0.2, True), (0.5, True), (0.3, False), (0.6, False), (0.9, False))
"""Sets with values that are equal to others and yet not the same: how many of them, and whether
they are of a few only."""
DUPLICATED = 0.3
"""Of the rows of a mixed set: how many are there twice (but for their keys)."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows by the qualified name of the table, in an order in which references can be met."""

    name: str
    rows: Mapping[str, Sequence[Row]]
    further: bool = False
    """Is it one of those that are only tried where the others told nothing?"""


def load_order(catalog: Catalog, names: Sequence[str]) -> tuple[Table, ...]:
    """The tables, those they refer to before them, and the tables that inherit from them.

    Partitions get their rows through the whole table.
    """
    found: dict[str, Table] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        table = catalog.find_table(name)
        if table is None or name in found or name in visiting:
            return
        visiting.add(name)
        if table.is_partition:
            for parent in table.inherits:
                visit(parent)
            return
        for key in table.foreign_keys:
            visit(key.references)
        found[name] = table
        for child in catalog.children(table):
            if not child.is_partition:
                visit(child.qualified)

    for name in names:
        visit(name)
    return tuple(found.values())


def with_referred(
    catalog: Catalog, preferred: Mapping[tuple[str, str], Sequence[str | None]]
) -> dict[tuple[str, str], list[str | None]]:
    """Values that conditions ask for, with what must be there for foreign keys to refer to it."""
    found = {place: list(values) for place, values in preferred.items()}
    for (name, column), values in preferred.items():
        table = catalog.find_table(name)
        for key in () if table is None else table.foreign_keys:
            for own, target in zip(key.columns, key.referenced_columns, strict=True):
                if own == column:
                    known = [value for value in values if value is not None][:REFERRED]
                    found.setdefault((key.references, target), []).extend(known)
    return found


def data_sets(wanted: Wanted) -> Iterator[DataSet]:
    """The sets, the telling ones first."""
    yield DataSet("empty tables", {table.qualified: () for table in wanted.tables})
    one = Shape(rows=1, nulls=0.0, choice=1, preferred=1.0)
    yield DataSet("one row in each table", made_rows(wanted, one, Random(1)))
    nulls = Shape(rows=1, nulls=1.0, choice=1)
    yield DataSet(
        "one row in each table, NULL wherever it may be", made_rows(wanted, nulls, Random(2))
    )
    most = _most(len(wanted.tables))
    full = Shape(rows=min(ROWS, most), nulls=0.0, choice=3, preferred=0.7, twice=DUPLICATED)
    for number, table in enumerate(wanted.tables[:6]):
        rows = made_rows(wanted, full, Random(10 + number))
        rows[table.qualified] = ()
        yield DataSet(f"{table.qualified} empty, the others not", rows)
    for seed in range(SEEDS + FURTHER):
        random = Random(100 + seed)
        shape = Shape(
            rows=min(random.choice((2, 4, ROWS, 2 * ROWS)), most),
            nulls=random.choice((0.0, 0.0, 0.15, 0.4)),
            choice=random.choice((1, 2, 3, 5, 9)),
            preferred=random.choice((0.2, 0.5, 0.9)),
            twice=random.choice((0.0, DUPLICATED, 0.6)),
        )
        name = f"mixed rows {seed + 1}: {_told(shape)}"
        if seed == SEEDS:
            yield from _focused(wanted, most)
            yield from _unusual(wanted, most)
        yield DataSet(name, made_rows(wanted, shape, random), further=seed >= SEEDS)


def _focused(wanted: Wanted, most: int) -> Iterator[DataSet]:
    for number in range(1, FOCUSED + 1 if wanted.preferred else 1):
        count = min(2 * ROWS, most)
        shape = Shape(count, 0.0, choice=3, twice=0.1, preferred=1.0, focused=True)
        rows = made_rows(wanted, shape, Random(700 + number))
        yield DataSet(f"rows {number} that all but meet the conditions", rows)


def _unusual(wanted: Wanted, most: int) -> Iterator[DataSet]:
    for number, (share, few) in enumerate(UNUSUAL if wanted.unusual else (), start=1):
        count = min(2 * ROWS, most)
        shape = Shape(count, 0.1, choice=3, twice=DUPLICATED, unusual=share, few=few)
        rows = made_rows(wanted, shape, Random(500 + number))
        yield DataSet(f"unusual values {number}: {share:.0%} of them", rows)


def _most(tables: int) -> int:
    """Rows of a table: where all values are the same, a join gives their product."""
    return 2 * ROWS if tables < 4 else max(4, 2 * ROWS // (tables - 2))


def _told(shape: Shape) -> str:
    parts = [f"up to {shape.choice} different values a column"]
    parts += [f"{shape.nulls:.0%} NULLs"] if shape.nulls else []
    parts += ["duplicates"] if shape.twice else []
    return ", ".join(parts)

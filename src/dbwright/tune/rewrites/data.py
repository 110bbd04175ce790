"""Rows to try a query on: empty tables, NULLs, duplicates, ties, and values that meet.

All of it follows from the query, the catalog and fixed seeds: two runs make the same rows. Rows
that a constraint forbids are made all the same; the server leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from dbwright.model.catalog import Catalog, Column, ForeignKey, Table

__all__ = ["DataSet", "Row", "Wanted", "data_sets", "load_order"]

Row = Mapping[str, str | None]
"""Texts of a row by column; None is NULL."""

SEEDS = 16
ROWS = 8
DUPLICATED = 0.3
"""Of the rows of a mixed set: how many are there twice (but for their keys)."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows by the qualified name of the table, in an order in which references can be met."""

    name: str
    rows: Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Wanted:
    """What the rows are to be made of."""

    tables: tuple[Table, ...]
    """In the order of `load_order`."""
    values: Mapping[tuple[str, str], Sequence[str]]
    """By qualified table and column; the most telling first."""
    preferred: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Values that the query's conditions ask for."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the rows of one set are chosen."""

    rows: int
    nulls: float
    """Share of NULLs in columns that take them."""
    choice: int
    """Of how many values of a column."""
    preferred: float = 0.5
    """How often a value is taken that the query asks for."""
    twice: float = 0.0


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


def data_sets(wanted: Wanted) -> Iterator[DataSet]:
    """The sets, the telling ones first."""
    yield DataSet("empty tables", {table.qualified: () for table in wanted.tables})
    one = _Shape(rows=1, nulls=0.0, choice=1, preferred=1.0)
    yield _made("one row in each table", wanted, one, Random(1))
    yield _made(
        "one row in each table, NULL wherever it may be",
        wanted,
        _Shape(rows=1, nulls=1.0, choice=1),
        Random(2),
    )
    most = _most(len(wanted.tables))
    full = _Shape(rows=min(ROWS, most), nulls=0.0, choice=3, preferred=0.7, twice=DUPLICATED)
    for number, table in enumerate(wanted.tables[:6]):
        rows = dict(_made("", wanted, full, Random(10 + number)).rows)
        rows[table.qualified] = ()
        yield DataSet(f"{table.qualified} empty, the others not", rows)
    for seed in range(SEEDS):
        random = Random(100 + seed)
        shape = _Shape(
            rows=min(random.choice((2, 4, ROWS, 2 * ROWS)), most),
            nulls=random.choice((0.0, 0.0, 0.15, 0.4)),
            choice=random.choice((1, 2, 3, 5, 9)),
            preferred=random.choice((0.2, 0.5, 0.9)),
            twice=random.choice((0.0, DUPLICATED, 0.6)),
        )
        yield _made(f"mixed rows {seed + 1}: {_told(shape)}", wanted, shape, random)


def _most(tables: int) -> int:
    """Rows of a table: where all values are the same, a join gives their product."""
    return 2 * ROWS if tables < 4 else max(4, 2 * ROWS // (tables - 2))


def _told(shape: _Shape) -> str:
    parts = [f"up to {shape.choice} different values a column"]
    parts += [f"{shape.nulls:.0%} NULLs"] if shape.nulls else []
    parts += ["duplicates"] if shape.twice else []
    return ", ".join(parts)


def _made(name: str, wanted: Wanted, shape: _Shape, random: Random) -> DataSet:
    # Columns of one type draw from the same few values, so that joins meet.
    shared = random.getrandbits(32)
    rows: dict[str, list[Row]] = {}
    for table in wanted.tables:
        own = rows[table.qualified] = []
        keyed = {name for key in table.keys for name in key.columns}
        for _ in range(shape.rows):
            row = _row(table, wanted, shape, random, shared, keyed, rows)
            own.append(row)
            if random.random() < shape.twice:
                again = _row(table, wanted, shape, random, shared, keyed, rows)
                own.append({**row, **{name: again[name] for name in keyed if name in again}})
    return DataSet(name, rows)


def _row(
    table: Table,
    wanted: Wanted,
    shape: _Shape,
    random: Random,
    shared: int,
    keyed: set[str],
    rows: Mapping[str, Sequence[Row]],
) -> Row:
    made: dict[str, str | None] = {}
    for column in table.columns:
        if column.generated is None:
            made[column.name] = _value(table, column, wanted, shape, random, shared, keyed)
    for key in table.foreign_keys:
        others = rows.get(key.references, ())[: 2 * shape.choice]
        made.update(_referred(key, table, made, others, random))
    return made


def _value(
    table: Table,
    column: Column,
    wanted: Wanted,
    shape: _Shape,
    random: Random,
    shared: int,
    keyed: set[str],
) -> str | None:
    place = (table.qualified, column.name)
    if not column.not_null and random.random() < shape.nulls:
        return None
    asked = wanted.preferred.get(place, ())
    if asked and random.random() < shape.preferred:
        # The constants themselves come first, and are what several conditions meet on.
        return asked[int(len(asked) * random.random() ** 2)]
    values = wanted.values.get(place, ())
    if not values:
        return None
    if column.name in keyed:  # few values would leave few rows
        return random.choice(values)
    count = min(shape.choice, len(values))
    some = Random(f"{shared} {column.base_type}").sample(range(len(values)), count)
    return values[random.choice(some)]


def _referred(
    key: ForeignKey,
    table: Table,
    made: Mapping[str, str | None],
    others: Sequence[Row],
    random: Random,
) -> Mapping[str, str | None]:
    """Values of a row that is there; NULL stays NULL."""
    if any(made.get(name) is None for name in key.columns):
        missing = [name for name in key.columns if table.column(name).not_null]
        if not missing:
            return {}
    if not others:
        return {name: None for name in key.columns if not table.column(name).not_null}
    other = random.choice(others)
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    return {name: other.get(target) for name, target in pairs}

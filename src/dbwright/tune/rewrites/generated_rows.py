"""Rows of tables, made of values so that they meet: by chance, from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from dbwright.model.catalog import Column, ForeignKey, Table

__all__ = ["Row", "Shape", "Wanted", "made_rows"]

Row = Mapping[str, str | None]
"""Texts of a row by column; None is NULL."""

EXACT = 0.7
"""How often a focused row has the constant itself."""
NEAREST = 4
"""Else it is one of so many."""
FEW = 4
"""Unusual values of a column in one set."""
MEETING = 6
"""Values of a key, at least; the query's own constants come first."""


@dataclass(frozen=True)
class Wanted:
    """What the rows are to be made of."""

    tables: tuple[Table, ...]
    """In the order of `load_order`."""
    values: Mapping[tuple[str, str], Sequence[str]]
    """By qualified table and column; the most telling first."""
    preferred: Mapping[tuple[str, str], Sequence[str | None]] = field(default_factory=dict)
    """Values that the query's conditions ask for."""
    unusual: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Values that are equal to others and yet not the same, or beyond all of them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of one set are chosen."""

    rows: int
    nulls: float
    """Share of NULLs in columns that take them."""
    choice: int
    """Of how many values of a column."""
    preferred: float = 0.5
    """How often a value is taken that the query asks for."""
    twice: float = 0.0
    unusual: float = 0.0
    """How often an unusual value is taken."""
    few: bool = True
    """Is it one of a few? One that breaks the query hides what all others show."""
    focused: bool = False
    """Is each row made of the very constants of the query, but for one column?"""


def made_rows(wanted: Wanted, shape: Shape, random: Random) -> dict[str, Sequence[Row]]:
    """By table, those that are referred to first."""
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
    return dict(rows)


def _row(
    table: Table,
    wanted: Wanted,
    shape: Shape,
    random: Random,
    shared: int,
    keyed: set[str],
    rows: Mapping[str, Sequence[Row]],
) -> Row:
    made: dict[str, str | None] = {}
    for column in table.columns:
        if column.generated is None:
            made[column.name] = _value(table, column, wanted, shape, random, shared, keyed)
    if shape.focused:
        made.update(_focused(table, wanted, random))
    for name in (key.columns[0] for key in table.keys if len(key.columns) == 1):
        if made.get(name) is not None:
            made[name] = _unused(table, name, made, wanted, shape, random, rows)
    for key in table.foreign_keys:
        others = rows.get(key.references, ())[: 2 * shape.choice]
        if random.random() < shape.preferred:
            others = _asked_for(key, table, wanted, rows.get(key.references, ())) or others
        made.update(_referred(key, table, made, others, random))
    return made


def _focused(table: Table, wanted: Wanted, random: Random) -> Mapping[str, str | None]:
    """Of the columns that conditions are about: what meets all of them but for one of them, which
    any neighbour of its constants may stand in. A condition among several is only seen to change
    its mind on rows that meet the others."""
    places = (((table.qualified, column.name), column) for column in table.columns)
    asked = {
        column.name: values
        for place, column in places
        if column.generated is None and (values := wanted.preferred.get(place))
    }
    free = random.choice(list(asked)) if asked else ""
    made: dict[str, str | None] = {}
    for name, values in asked.items():
        near = values if name == free else values[: 1 if random.random() < EXACT else NEAREST]
        made[name] = random.choice(near)
    return made


def _value(
    table: Table,
    column: Column,
    wanted: Wanted,
    shape: Shape,
    random: Random,
    shared: int,
    keyed: set[str],
) -> str | None:
    place = (table.qualified, column.name)
    if not column.not_null and random.random() < shape.nulls:
        return None
    if shape.unusual and random.random() < shape.unusual and (odd := wanted.unusual.get(place)):
        few = _some(shared, column.base_type, len(odd), FEW)
        return odd[random.choice(few)] if shape.few else random.choice(odd)
    asked = wanted.preferred.get(place, ())
    if asked and random.random() < shape.preferred:
        # The constants themselves come first, and are what several conditions meet on.
        return asked[int(len(asked) * random.random() ** 2)]
    values = wanted.values.get(place, ())
    if not values:
        return None
    if column.name in keyed:  # few values would leave few rows
        return random.choice(_meeting(values, shape))
    return values[random.choice(_some(shared, column.base_type, len(values), shape.choice))]


@lru_cache(256)
def _some(shared: int, type_: str, among: int, count: int) -> tuple[int, ...]:
    """The places of a few values: for all columns of a type the same ones in one set of rows."""
    return tuple(Random(f"{shared} {type_}").sample(range(among), min(count, among)))


def _meeting(values: Sequence[str], shape: Shape) -> Sequence[str]:
    """As many as are enough for a key; with more, rows of other tables would seldom meet them."""
    return values[: max(MEETING, 2 * shape.rows)]


def _unused(
    table: Table,
    name: str,
    made: Mapping[str, str | None],
    wanted: Wanted,
    shape: Shape,
    random: Random,
    rows: Mapping[str, Sequence[Row]],
) -> str | None:
    """A value of a key that no row has yet, while there is one."""
    used = {row.get(name) for row in rows[table.qualified]}
    values = wanted.values.get((table.qualified, name), ())
    free = [value for value in _meeting(values, shape) if value not in used]
    return random.choice(free) if made[name] in used and free else made[name]


def _asked_for(
    key: ForeignKey, table: Table, wanted: Wanted, others: Sequence[Row]
) -> Sequence[Row]:
    """Those of the rows that may be referred to which the query's conditions ask for."""
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    asked = [
        (target, values)
        for name, target in pairs
        if (values := wanted.preferred.get((table.qualified, name)))
    ]
    if not asked:
        return ()
    return [row for row in others if all(row.get(name) in values for name, values in asked)]


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

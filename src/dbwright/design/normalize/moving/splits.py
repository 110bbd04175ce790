"""What breaks the first normal form, as a table of its own: one part of a list a row, or one of the
columns that are there several times. The view puts them together again."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dbwright.design.normalize.forms.first import ListInCells, NestedCells, RepeatingGroup
from dbwright.design.normalize.kinds import inferred
from dbwright.design.normalize.mining.codes import Coded
from dbwright.design.normalize.moving.parts import Decomposition, Part
from dbwright.design.normalize.relation import Column, Kind, Relation
from dbwright.errors import UsageError
from dbwright.model.names import literal, quote
from dbwright.sql.migration_text import Step

__all__ = ["Split", "back_together", "split_step", "splits"]

Found = RepeatingGroup | ListInCells | NestedCells


@dataclass(frozen=True, slots=True)
class Split:
    """A table (key of the owner, position, value) instead of these columns of the owner."""

    name: str
    owner: Part
    columns: tuple[str, ...]
    value: str
    """The name of the column with the values."""
    type: str
    delimiter: str
    """Empty for columns that are there several times."""
    rows: int

    @property
    def key(self) -> tuple[str, ...]:
        """Of the owner."""
        return self.owner.key or (self.owner.number,)

    @property
    def position(self) -> str:
        return "position" if "position" not in self.key else "position_2"


def splits(
    found: Decomposition, broken: Sequence[Found], wanted: Sequence[str], taken: Sequence[str]
) -> tuple[Split, ...]:
    """Of what was found and is wanted (columns, or the stem of those that are numbered).

    Raises UsageError where one is no list, or can't be taken apart.
    """
    used = {*taken, *(part.name for part in found.parts)}
    made: list[Split] = []
    for name in wanted:
        one = next((each for each in broken if _named(each) == name), None)
        if one is None or isinstance(one, NestedCells):
            raise UsageError(
                f"{name!r} was not found to hold lists, or to be there several times",
                "--split takes what is told under 1NF",
            )
        split = _split(found, one, used)
        used.add(split.name)
        made.append(split)
    return tuple(made)


def _named(one: Found) -> str:
    return one.stem if isinstance(one, RepeatingGroup) else one.column


def _split(found: Decomposition, one: RepeatingGroup | ListInCells, used: set[str]) -> Split:
    columns = one.columns if isinstance(one, RepeatingGroup) else (one.column,)
    relation = found.relation
    owners = [part for part in found.parts if set(columns) & set(part.columns)]
    keys = {name for part in found.parts for name in part.key}
    keys |= {name for join in found.joins for name in join.by}
    if len(owners) != 1 or not set(columns) <= set(owners[0].columns) or keys & set(columns):
        raise UsageError(
            f"{', '.join(columns)} can't be split: it is part of a key, or of several tables",
            f"leave --split {_named(one)} out",
        )
    (owner,) = owners
    name = f"{owner.name}_{_named(one)}"[:55]
    while name in used:
        name += "_2"
    texts = [relation.column(each) for each in columns]
    if isinstance(one, RepeatingGroup):
        types = {column.type for column in texts if column.kind is not Kind.EMPTY}
        rows = sum(_entities(found, owner, column, lambda value: 1) for column in texts)
        return Split(name, owner, columns, one.stem, min(types, default="text"), "", rows)
    (column,) = texts
    delimiter = _delimiter(column, one.delimiter)
    if "" in column.values:
        raise UsageError(
            f"{one.column} can't be split: an empty list and NULL would be the same",
            f"leave --split {one.column} out",
        )
    rows = _entities(found, owner, column, lambda value: value.count(delimiter) + 1)
    return Split(name, owner, columns, one.column, _type(column, delimiter), delimiter, rows)


def _delimiter(column: Column, delimiter: str) -> str:
    """With the space behind it, where there always is one."""
    spaced = delimiter + " "
    texts = [value for value in column.values if value is not None]
    same = all(text.count(delimiter) == text.count(spaced) for text in texts)
    return spaced if same else delimiter


def _type(column: Column, delimiter: str) -> str:
    parts = {p for value in column.values if value is not None for p in value.split(delimiter)}
    kind = inferred(Column("", array("i"), tuple(parts))).kind
    return "bigint" if kind is Kind.INTEGER else "text"


def _entities(
    found: Decomposition, owner: Part, column: Column, count: Callable[[str], int]
) -> int:
    """The sum of `count` of each value, over the owner's rows."""
    relation: Relation = found.relation
    counted = [0 if value is None else count(value) for value in column.values]
    if owner is found.base:
        return sum(map(counted.__getitem__, column.codes))
    places = tuple(sorted(relation.names.index(name) for name in owner.key))
    codes, _ = Coded.of(relation).together(places)
    pairs = set(zip(codes, column.codes, strict=True))
    return sum(counted[code] for _, code in pairs)


def split_step(split: Split, relation: Relation, qualified: str, owner: str) -> Step:
    """`qualified`, `owner`: the two tables, as SQL writes them."""
    number = split.owner.number
    types = {name: "bigint" if name == number else relation.column(name).type for name in split.key}
    keys = [f"    {quote(name)} {type_}" for name, type_ in types.items()]
    key = ", ".join(map(quote, split.key))
    position = quote(split.position)
    lines = [
        *keys,
        f"    {position} integer",
        f"    {quote(split.value)} {split.type} NOT NULL",
        f"    PRIMARY KEY ({key}, {position})",
        f"    FOREIGN KEY ({key}) REFERENCES {owner}",
    ]
    body = ",\n".join(lines)
    columns = [f"o.{quote(name)}" for name in split.columns]
    if split.delimiter:
        values = f"string_to_array({columns[0]}, {literal(split.delimiter)})"
    else:
        values = f"ARRAY[{', '.join(columns)}]::{split.type}[]"
    own = ", ".join(f"o.{quote(name)}" for name in split.key)
    drop = ", ".join(f"DROP COLUMN {quote(name)}" for name in split.columns)
    up = (
        f"CREATE TABLE {qualified} (\n{body}\n);\n"
        f"INSERT INTO {qualified} ({key}, {position}, {quote(split.value)})\n"
        f"SELECT {own}, u.place, u.part::{split.type} FROM {owner} AS o\n"
        f"CROSS JOIN LATERAL unnest({values}) WITH ORDINALITY AS u(part, place)\n"
        "WHERE u.part IS NOT NULL;\n"
        f"ALTER TABLE {owner} {drop};"
    )
    note = f"{split.name}: {split.rows:,} rows when this was written."
    return Step(note, up, f"DROP TABLE {qualified};")


def back_together(split: Split, column: str, qualified: str, alias: str) -> str:
    """The expression that gives the column's values, of the owner's row `alias`."""
    on = " AND ".join(f"s.{quote(name)} = {alias}.{quote(name)}" for name in split.key)
    value, position = f"s.{quote(split.value)}", f"s.{quote(split.position)}"
    if split.delimiter:
        text = f"{value}::text" if split.type != "text" else value
        joined = f"string_agg({text}, {literal(split.delimiter)} ORDER BY {position})"
        found = f"SELECT {joined} FROM {qualified} AS s WHERE {on}"
    else:
        number = split.columns.index(column) + 1
        found = f"SELECT {value} FROM {qualified} AS s WHERE {on} AND {position} = {number}"
    return f"({found}) AS {quote(column)}"

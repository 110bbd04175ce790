"""A row that stands for one that is not there, so that rows which point to it can be used."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Column, Table, TypeKind
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.values import ANY, BY_TYPE

__all__ = ["Key", "stand_in"]

NUMBERED = 900_000
"""Where made-up keys begin."""

Key = tuple[tuple[str, ...], tuple[str, ...]]
"""Columns, and a row's values of them."""


def stand_in(catalog: Catalog, table: Table, key: Key, number: int) -> Row:
    """A row with that key, and as little else as the table asks for. `number` tells several
    apart in columns that must differ. Checks are not looked at."""
    given = dict(zip(*key, strict=True))
    unique = {name for index in table.indexes if index.unique for name in index.columns}
    made: dict[str, str | None] = {}
    for column in table.columns:
        if column.generated is not None:
            continue
        made[column.name] = given.get(column.name)
        if column.name not in given and column.not_null:
            made[column.name] = _value(catalog, column, number if column.name in unique else None)
    return made


def _value(catalog: Catalog, column: Column, number: int | None) -> str:
    """One that the type has; another one for each number."""
    enums = {one.qualified: one.labels for one in catalog.types if one.kind is TypeKind.ENUM}
    if column.is_array:
        return "{}"
    if column.type in enums:
        return enums[column.type][0]
    if number is None:
        return BY_TYPE.get(column.base_type, ANY)[0]
    if column.base_type == "uuid":
        return f"00000000-0000-4000-8000-{NUMBERED + number:012}"
    if column.base_type == "smallint":
        return str(32_767 - number)
    if column.base_type.startswith(("date", "timestamp")):
        return f"{3000 + number}-01-01"
    return str(NUMBERED + number)

"""From rows of the catalog queries to columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from sys import intern
from typing import Any

from dbwright.engines.postgresql.names import DEFAULT_COLLATION, Names
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import Column
from dbwright.model.names import qualify

__all__ = ["build_columns"]

STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {None: None, "p": "pglz", "l": "lz4"}
GENERATED = {None: None, "s": "stored", "v": "virtual"}
COLUMN_IDENTITY = {None: None, "a": "always", "d": "by default"}
RELATION, POSITION, COLLATION, ACL = 0, 1, 8, -1
"""Places in a row of columns.sql."""
USUAL_COLLATIONS = (None, DEFAULT_COLLATION)

ALIGNMENT = {"c": 1, "s": 2, "i": 4, "d": 8}


def build_columns(
    rows: list[Row], type_rows: list[Row], names: Names
) -> Mapping[int, tuple[Column, ...]]:
    """The columns of each relation, in their order. Equal columns of different tables (`id bigint
    NOT NULL`) are one object: of a large schema's columns most are."""
    types = {(row.type, row.modifier): row for row in type_rows}
    known: dict[tuple[Any, ...], Column] = {}
    groups: dict[int, list[Column]] = defaultdict(list)
    # The hottest loop of all: by position, since a name costs as much as the rest of a step.
    for row in rows:
        if row[ACL] is None:
            key = row[1:]
            column = known.get(key)
            if column is None:
                column = known[key] = _column(row, types, names)
        else:
            column = _column(row, types, names)
        groups[row[RELATION]].append(column)
        if row[COLLATION] not in USUAL_COLLATIONS:
            names.own_collations[row[RELATION], row[POSITION]] = row[COLLATION]
    return {oid: _ordered(oid, group, names) for oid, group in groups.items()}


def _ordered(oid: int, group: list[Column], names: Names) -> tuple[Column, ...]:
    """In the order of the table; notes what its columns are called."""
    group.sort(key=attrgetter("position"))
    names.columns[oid] = {column.position: column.name for column in group}
    return tuple(group)


def _column(row: Row, types: Mapping[tuple[int, int], Row], names: Names) -> Column:
    type_ = types.get((row.type, row.modifier))
    if type_ is None:  # the type came into use after the types were read
        return Column(intern(row.name), row.position, "unknown", "unknown")
    return Column(
        name=intern(row.name),
        position=row.position,
        type=type_.name,
        base_type=type_.base,
        domain=qualify(type_.schema, type_.plain_name) if type_.is_domain else None,
        is_array=type_.is_array,
        not_null=bool(row.truths & 1),
        default=row.default,
        generated=GENERATED[row.generated],
        identity=COLUMN_IDENTITY[row.identity],
        collation=names.collations.get(row.collation)
        if row.collation not in (None, type_.collation)
        else None,
        length=_length(type_.base, row.modifier),
        type_length=type_.length,
        type_alignment=ALIGNMENT[type_.alignment],
        storage=STORAGE.get(row.storage, row.storage),
        compression=COMPRESSION.get(row.compression, row.compression),
        statistics_target=row.statistics_target,
        inherited=bool(row.truths & 2),
        comment=row.comment,
        grants=grants(row.acl),
    )


def _length(base_type: str, modifier: int) -> int | None:
    if modifier < 0:
        return None
    if base_type in ("character varying", "character"):
        return modifier - 4  # the modifier counts the length word (VARHDRSZ)
    if base_type in ("bit", "bit varying"):
        return modifier
    return None

"""From rows of the catalog queries to columns."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from sys import intern
from typing import Any

from dbwright.engines.postgresql.names import DEFAULT_COLLATION, Names, options
from dbwright.engines.postgresql.privileges import grants
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import Column
from dbwright.model.names import qualify

__all__ = ["ColumnRows", "build_columns", "collect_columns"]

STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {None: None, "p": "pglz", "l": "lz4"}
GENERATED = {None: None, "s": "stored", "v": "virtual"}
COLUMN_IDENTITY = {None: None, "a": "always", "d": "by default"}
RELATION, POSITION, TYPE, MODIFIER, COLLATION = 0, 1, 3, 4, 8
"""Places in a row of columns.sql."""
USUAL_COLLATIONS = (None, DEFAULT_COLLATION)

ALIGNMENT = {"c": 1, "s": 2, "i": 4, "d": 8}


@dataclass(slots=True)
class ColumnRows:
    """The rows of columns.sql, equal ones (`id bigint NOT NULL`) kept once: of a large schema's
    columns most are."""

    distinct: list[Row] = field(default_factory=list)
    of_relation: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Places in `distinct`, by relation."""
    own_collations: dict[tuple[int, int], int] = field(default_factory=dict)
    """By relation and position, where it is not the database's own."""

    @property
    def types(self) -> set[tuple[int, int]]:
        """Oids of types, each with a modifier that is in use."""
        return {(row[TYPE], row[MODIFIER]) for row in self.distinct}


def collect_columns(rows: Iterable[Row]) -> ColumnRows:
    """Run in the reading thread, while the server finds the next rows."""
    found = ColumnRows()
    distinct, of_relation = found.distinct, found.of_relation
    known: dict[tuple[Any, ...], int] = {}
    # The hottest loop of all: by position, since a name costs as much as the rest of a step.
    for row in rows:
        place = known.setdefault(row[1:], len(distinct))
        if place == len(distinct):
            distinct.append(row)
        of_relation[row[RELATION]].append(place)
        if row[COLLATION] not in USUAL_COLLATIONS:
            found.own_collations[row[RELATION], row[POSITION]] = row[COLLATION]
    return found


def build_columns(
    rows: ColumnRows, type_rows: list[Row], names: Names
) -> Mapping[int, tuple[Column, ...]]:
    """The columns of each relation, in their order; notes what they are called. Relations with
    the same columns (partitions) share them."""
    types = {(row.type, row.modifier): row for row in type_rows}
    distinct = [_column(row, types, names) for row in rows.distinct]
    names.own_collations.update(rows.own_collations)
    known: dict[tuple[int, ...], tuple[tuple[Column, ...], dict[int, str]]] = {}
    columns: dict[int, tuple[Column, ...]] = {}
    for oid, places in rows.of_relation.items():
        key = tuple(places)
        found = known.get(key)
        if found is None:
            group = sorted((distinct[place] for place in key), key=attrgetter("position"))
            found = tuple(group), {column.position: column.name for column in group}
            known[key] = found
        columns[oid], names.columns[oid] = found
    return columns


def _column(row: Row, types: Mapping[tuple[int, int], Row], names: Names) -> Column:
    type_ = types.get((row.type, row.modifier))
    if type_ is None:  # the type came into use after the types were read
        return Column(intern(row.name), row.position, "unknown", "unknown")
    rare = {} if row.rare is None else json.loads(row.rare)
    compression = rare.get("compression")
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
        compression=COMPRESSION.get(compression, compression),
        statistics_target=rare.get("statistics_target"),
        inherited=bool(row.truths & 2),
        comment=rare.get("comment"),
        grants=grants(rare.get("acl")),
        options=options(rare.get("options")),
        foreign_options=options(rare.get("foreign_options")),
        type_storage=STORAGE.get(type_.storage, type_.storage),
    )


def _length(base_type: str, modifier: int) -> int | None:
    if modifier < 0:
        return None
    if base_type in ("character varying", "character"):
        return modifier - 4  # the modifier counts the length word (VARHDRSZ)
    if base_type in ("bit", "bit varying"):
        return modifier
    return None

"""From rows of the catalog queries to indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Any

from dbwright.engines.postgresql.names import DEFAULT_COLLATION, Names, options, system_name
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import Index, IndexColumn
from dbwright.model.names import qualify

__all__ = ["build_indexes"]

TRUTHS = (
    "unique",
    "primary",
    "exclusion",
    "immediate",
    "valid",
    "ready",
    "clustered",
    "replica_identity",
    "nulls_not_distinct",
    "partial",
    "partitioned",
)
"""Of an index, in the order of their bits."""
NULLS_NOT_DISTINCT = 1 << TRUTHS.index("nulls_not_distinct")
PARTITIONED = 1 << TRUTHS.index("partitioned")


def build_indexes(
    class_rows: list[Row],
    rows: list[Row],
    names: Names,
) -> Mapping[int, tuple[Index, ...]]:
    """The indexes of each relation, by name."""
    for row in rows:
        names.indexes[row.oid] = row.name
        if row.truths & PARTITIONED:
            schema, _ = names.pairs.get(row.relation, ("", ""))
            names.partitioned_indexes[row.oid] = qualify(schema, row.name)
        if row.truths & NULLS_NOT_DISTINCT:
            names.nulls_not_distinct.add(row.oid)
    make = _index_maker({row.oid: row for row in class_rows}, names)
    groups: dict[int, list[Index]] = defaultdict(list)
    for row in rows:
        groups[row.relation].append(make(row))
    return {oid: tuple(sorted(group, key=attrgetter("name"))) for oid, group in groups.items()}


def _index_maker(
    classes: Mapping[int, Row],
    names: Names,
) -> Callable[[Row], Index]:
    known: dict[tuple[Any, ...], IndexColumn] = {}
    plain: dict[tuple[Any, ...], tuple[tuple[IndexColumn, ...], tuple[str, ...]]] = {}

    def parts(row: Row) -> tuple[tuple[IndexColumn, ...], tuple[str, ...]]:
        """Keys and included columns. Relations with the same columns (partitions) share the table
        of their names, and so these: most are built once."""
        columns = names.columns[row.relation]
        if row.expressions or row.class_options:
            return build_parts(row)
        vectors = row.columns, row.operator_classes, row.collations, row.column_flags
        place = (id(columns), row.key_count, *vectors)
        found = plain.get(place)
        if found is None:
            found = plain[place] = build_parts(row)
        return found

    def build_parts(row: Row) -> tuple[tuple[IndexColumn, ...], tuple[str, ...]]:
        columns = _vector(row.columns)
        keys = tuple([key(row, n, columns) for n in range(row.key_count)])
        return keys, names.of_columns(row.relation, columns[row.key_count :])

    def key(row: Row, n: int, columns: tuple[int, ...]) -> IndexColumn:
        """As with columns, equal keys of different indexes are one object."""
        position = columns[n]
        collation = _vector(row.collations)[n]
        if collation == names.own_collations.get((row.relation, position), DEFAULT_COLLATION):
            collation = 0
        shape = (
            names.columns[row.relation].get(position),
            row.expressions[n] if row.expressions else None,
            _vector(row.operator_classes)[n],
            collation,
            _vector(row.column_flags)[n],
            options((row.class_options or {}).get(str(n + 1))),
        )
        found = known.get(shape)
        if found is None:
            found = known[shape] = _index_column(*shape)
        return found

    def _index_column(
        column: str | None,
        expression: str | None,
        class_oid: int,
        collation: int,
        flags: int,
        parameters: tuple[tuple[str, str], ...],
    ) -> IndexColumn:
        operator_class = classes.get(class_oid)
        return IndexColumn(
            column=column,
            expression=expression,
            operator_class=system_name(operator_class) if operator_class else "",
            default_operator_class=operator_class is None or operator_class.default,
            collation=names.collations.get(collation),
            descending=bool(flags & 1),
            nulls_first=bool(flags & 2),
            options=parameters,
        )

    def make(row: Row) -> Index:
        schema = names.pairs.get(row.relation, ("", ""))[0]
        keys, include = parts(row)
        return Index(
            oid=row.oid,
            schema=schema,
            name=row.name,
            method=intern(row.method),
            keys=keys,
            include=include,
            predicate=row.predicate,
            constraint=names.index_constraints.get(row.oid),
            parent=names.partitioned_indexes.get(row.parent),
            options=options(row.options),
            tablespace=row.tablespace,
            comment=row.comment,
            statistics_targets=tuple((n, target) for n, target in row.statistics_targets or ()),
            **_truths(row.truths),
        )

    return make


@lru_cache(maxsize=4096)
def _vector(text: str) -> tuple[int, ...]:
    """An int2vector or oidvector: numbers with spaces between."""
    return tuple(map(int, text.split()))


@lru_cache(maxsize=256)
def _truths(bits: int) -> dict[str, Any]:
    return {name: bool(bits >> n & 1) for n, name in enumerate(TRUTHS)}

"""From rows of the catalog queries to constraints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from dbwright.engines.postgresql.names import Names
from dbwright.engines.postgresql.session import Row
from dbwright.model.catalog import Check, Exclusion, ForeignKey, Key, NotNull

__all__ = ["build_constraints", "domain_checks"]

ACTION = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}


def build_constraints(oid: int, rows: Iterable[Row], names: Names) -> dict[str, Any]:
    """The constraint fields of a table."""
    primary: Key | None = None
    unique: list[Key] = []
    foreign: list[ForeignKey] = []
    checks: list[Check] = []
    exclusions: list[Exclusion] = []
    not_nulls: list[NotNull] = []
    for row in rows:
        columns = names.of_columns(oid, row.columns)
        if row.type in "pu":
            key = _key(row, columns, names)
            if row.type == "p":
                primary = key
            else:
                unique.append(key)
        elif row.type == "f" and row.referenced in names.pairs:
            foreign.append(_foreign_key(oid, row, columns, names))
        elif row.type == "c":
            checks.append(
                Check(
                    name=row.name,
                    expression=row.expression,
                    columns=columns,
                    validated=row.validated,
                    enforced=row.enforced,
                    no_inherit=row.no_inherit,
                    inherited=row.inherited,
                    comment=row.comment,
                )
            )
        elif row.type == "x":
            exclusions.append(
                Exclusion(
                    name=row.name,
                    columns=columns,
                    operators=tuple(row.operators or ()),
                    index=names.indexes.get(row.index, row.name),
                    deferrable=row.deferrable,
                    initially_deferred=row.initially_deferred,
                    inherited=row.inherited,
                    comment=row.comment,
                    definition=row.definition,
                )
            )
        elif row.type == "n" and columns:
            not_nulls.append(NotNull(row.name, columns[0], row.validated, row.inherited))
    return {
        "primary_key": primary,
        "unique_constraints": tuple(unique),
        "foreign_keys": tuple(foreign),
        "checks": tuple(checks),
        "exclusions": tuple(exclusions),
        "not_nulls": tuple(not_nulls),
    }


def _key(row: Row, columns: tuple[str, ...], names: Names) -> Key:
    return Key(
        name=row.name,
        columns=columns,
        index=names.indexes.get(row.index, row.name),
        deferrable=row.deferrable,
        initially_deferred=row.initially_deferred,
        nulls_not_distinct=row.index in names.nulls_not_distinct,
        without_overlaps=row.period,
        inherited=row.inherited,
        comment=row.comment,
    )


def _foreign_key(oid: int, row: Row, columns: tuple[str, ...], names: Names) -> ForeignKey:
    schema, table = names.pairs[row.referenced]
    return ForeignKey(
        name=row.name,
        columns=columns,
        referenced_schema=schema,
        referenced_table=table,
        referenced_columns=names.of_columns(row.referenced, row.referenced_columns),
        on_update=ACTION[row.on_update],
        on_delete=ACTION[row.on_delete],
        on_delete_columns=names.of_columns(oid, row.on_delete_columns),
        match_full=row.match_full,
        period=row.period,
        deferrable=row.deferrable,
        initially_deferred=row.initially_deferred,
        validated=row.validated,
        enforced=row.enforced,
        inherited=row.inherited,
        comment=row.comment,
    )


def domain_checks(constraints: Iterable[Row]) -> Mapping[int, tuple[Check, ...]]:
    found: dict[int, list[Check]] = defaultdict(list)
    for row in sorted(constraints, key=attrgetter("name")):
        if row.domain and row.type == "c":
            found[row.domain].append(
                Check(row.name, row.expression, validated=row.validated, comment=row.comment)
            )
    return {oid: tuple(checks) for oid, checks in found.items()}

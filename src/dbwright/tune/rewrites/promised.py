"""What a catalog promises of its rows, and no more.

A constraint that is NOT VALID, deferrable or of a foreign table may be broken by the rows that are
there. Left out of a schema, it can't make two queries look equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.objects import TypeKind
from dbwright.tune.rewrites.keys import never_null

__all__ = ["promised", "restrict_domains"]


def promised(catalog: Catalog) -> Catalog:
    """The catalog without what its rows may break."""
    return replace(catalog, tables=tuple(_promised_table(catalog, t) for t in catalog.tables))


def _promised_table(catalog: Catalog, table: Table) -> Table:
    if table.kind is TableKind.FOREIGN:
        columns = tuple(replace(column, not_null=False) for column in table.columns)
        return replace(table, columns=columns, checks=())
    never = {c.name for c in table.columns if never_null(catalog, table, c.name)}
    columns = tuple(replace(column, not_null=column.name in never) for column in table.columns)
    primary = table.primary_key
    # A primary key would ask for no NULLs in the tables that inherit as well.
    strict = primary is not None and (primary.deferrable or not never.issuperset(primary.columns))
    return replace(
        table,
        columns=columns,
        checks=tuple(check for check in table.checks if check.validated and check.enforced),
        primary_key=None if strict else primary,
        unique_constraints=tuple(key for key in table.unique_constraints if not key.deferrable),
        indexes=tuple(index for index in table.indexes if index.immediate),
        foreign_keys=tuple(
            key
            for key in table.foreign_keys
            if key.validated and key.enforced and not key.deferrable
        ),
    )


def restrict_domains(connection: psycopg.Connection[Any], catalog: Catalog) -> None:
    """What a domain demands of its values (a twin does without)."""
    for type_ in catalog.types:
        if type_.kind is not TypeKind.DOMAIN:
            continue
        demands = [
            f"ADD CHECK ({check.expression})"
            for check in type_.checks
            if check.expression is not None and check.validated
        ]
        demands += ["SET NOT NULL"] if type_.not_null else []
        for demand in demands:
            with _tolerant():
                connection.execute(f"ALTER DOMAIN {type_.qualified} {demand}".encode())


@contextmanager
def _tolerant() -> Iterator[None]:
    """A demand that can't be made is none: the rows are then freer than the real ones."""
    try:
        yield
    except psycopg.Error:
        return

"""Rows that a sample's rows refer to: without them a join of two samples would be empty.

Each table is sampled by itself. Then the foreign keys between the tables that are copied are
followed, from the tables that refer to others to those that are referred to, so that a row that is
fetched gets its own parents as well. Keys that go in a circle are followed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from dbwright.engines.postgresql.rows import Keys
from dbwright.model.catalog import Catalog, ForeignKey, Table
from dbwright.model.names import quote

__all__ = ["missing_keys", "references"]


def references(
    catalog: Catalog, loaded: Sequence[str], partly: Mapping[str, bool]
) -> Iterator[tuple[Table, ForeignKey, Table]]:
    """Child, key and parent, in the order in which rows are to be fetched. `partly`: which of the
    tables have only some of their rows; others have all, and need none."""
    tables = [table for name in loaded if (table := catalog.find_table(name)) is not None]
    for table in _children_first(catalog, tables):
        # Its own rows first: what is fetched of them refers to others as well.
        for key in sorted(table.foreign_keys, key=lambda k: k.references != table.qualified):
            parent = catalog.find_table(key.references)
            if parent is not None and partly.get(parent.qualified):
                yield table, key, parent


def missing_keys(
    connection: psycopg.Connection[Any], child: Table, key: ForeignKey, parent: Table
) -> Keys | None:
    """Those of the child's rows whose parent is not there; None where there are none.

    Raises psycopg.Error.
    """
    own = [f"c.{quote(name)}" for name in key.columns]
    other = [f"p.{quote(name)}" for name in key.referenced_columns]
    pairs = " AND ".join(f"{mine} = {its}" for mine, its in zip(own, other, strict=True))
    named = ", ".join(f"{mine} AS k{number}" for number, mine in enumerate(own))
    arrays = ", ".join(f"array_agg(k{number})::text" for number in range(len(own)))
    present = " AND ".join(f"{mine} IS NOT NULL" for mine in own)
    row = connection.execute(
        f"SELECT {arrays} FROM (SELECT DISTINCT {named} FROM ONLY {child.qualified} c "
        f"WHERE {present} AND NOT EXISTS (SELECT FROM {parent.qualified} p WHERE {pairs})) m "
        "HAVING count(*) > 0".encode()
    ).fetchone()
    if row is None:
        return None
    types = tuple(parent.column(name).type for name in key.referenced_columns)
    return Keys(key.referenced_columns, types, tuple(row))


def _children_first(catalog: Catalog, tables: Sequence[Table]) -> list[Table]:
    """Each before those that it refers to, as far as they are in no circle."""
    names = {table.qualified: table for table in tables}
    done: dict[str, Table] = {}
    entered: set[str] = set()

    def enter(table: Table) -> None:
        if table.qualified in entered:
            return
        entered.add(table.qualified)
        for child, _ in catalog.referencing(table):
            if child.qualified in names:
                enter(child)
        done[table.qualified] = table

    for table in tables:
        enter(table)
    return list(done.values())

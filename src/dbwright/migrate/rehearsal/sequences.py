"""Sequences that would give numbers which rows have already: the next INSERT fails.

It is what becomes of a serial column that is made an identity column, or dropped and added again,
without a word on where to begin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, Column, Sequence, Table
from dbwright.model.names import quote
from dbwright.sql.lexer import significant

__all__ = ["Behind", "behind", "newly_behind"]


NEXTVAL = ("nextval", "(", ":", ":", "regclass", ")")
"""The tokens around the name in `nextval('shop.orders_id_seq'::regclass)`."""
NUMBERS = ("smallint", "integer", "bigint", "numeric")


@dataclass(frozen=True, slots=True)
class Behind:
    """One column whose sequence is behind its rows."""

    table: str
    """Qualified."""
    column: str
    gives: int
    """What the sequence gives next."""
    highest: int
    """The greatest number that a row has."""


def newly_behind(
    old: psycopg.Connection[Any],
    before: Catalog,
    new: psycopg.Connection[Any],
    after: Catalog,
    left_out: Collection[str] = (),
) -> tuple[Behind, ...]:
    """Those that were not behind before (by the names of table and column).

    Raises psycopg.Error.
    """
    known = {(one.table, one.column) for one in behind(old, before, left_out)}
    return tuple(
        one for one in behind(new, after, left_out) if (one.table, one.column) not in known
    )


def behind(
    connection: psycopg.Connection[Any], catalog: Catalog, left_out: Collection[str] = ()
) -> Iterator[Behind]:
    """Of tables with rows here, those columns."""
    for table in catalog.tables:
        if table.qualified in left_out or table.foreign_server is not None:
            continue
        for column in table.columns:
            sequence = catalog.sequence_of(table, column) or _by_default(catalog, column)
            if sequence is not None and sequence.increment > 0 and not sequence.cycle:
                found = _behind(connection, table, column.name, sequence)
                if found is not None:
                    yield found


def _by_default(catalog: Catalog, column: Column) -> Sequence | None:
    """That of `DEFAULT nextval(…)`, whoever owns it."""
    if column.base_type not in NUMBERS or column.generated or column.default is None:
        return None
    found = [token.text for token in significant(column.default)]
    if len(found) != 7 or (*found[:2], *found[3:]) != NEXTVAL:
        return None
    return catalog.sequence(found[2][1:-1].replace("''", "'"))


def _behind(
    connection: psycopg.Connection[Any], table: Table, column: str, sequence: Sequence
) -> Behind | None:
    name = quote(column)
    row = connection.execute(
        f"SELECT CASE WHEN s.is_called THEN s.last_value + {sequence.increment} "
        f"ELSE s.last_value END, (SELECT max({name}) FROM {table.qualified}) "
        f"FROM {sequence.qualified} AS s".encode()
    ).fetchone()
    if row is None or row[1] is None or row[0] > row[1]:
        return None
    return Behind(table.qualified, column, row[0], row[1])

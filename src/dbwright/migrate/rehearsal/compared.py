"""One column that is compared, and what it is called when its values are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.casts import Cast, lossy_kind
from dbwright.migrate.rehearsal.changes import ChangeKind
from dbwright.migrate.rehearsal.detail import Compared, Difference
from dbwright.migrate.rehearsal.pairs import ColumnPair, TablePair
from dbwright.migrate.rehearsal.sums import rows_of
from dbwright.model.names import quote

__all__ = ["Entry", "kind_of", "plain_entry", "retyped_entry"]

LENGTHS = ("text", "character varying", "character")
"""Types whose values are as long as they are, up to a limit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One column, and how it is compared."""

    pair: ColumnPair
    compared: Compared
    cast: Cast | None = None
    """Of a column whose type is another one."""
    fewer: bool = False
    """Are there fewer values than before?"""
    too_long: bool = False
    """Were there values longer than the new type takes?"""

    @property
    def words(self) -> dict[str, Any]:
        """Of a change: which column it is."""
        before, after = self.pair.before, self.pair.after
        return {
            "column": before.name,
            "column_now": after.name,
            "type": before.type.removesuffix("[]"),
            "generated": after.generated is not None,
            "replaced": self.pair.replaced,
            "fewer": self.fewer,
            "other": "" if self.cast is None else f"{before.type} to {after.type}",
            "retyped": self.cast is not None,
        }


def plain_entry(pair: ColumnPair, fewer: bool = False) -> Entry:
    """Of a column of the same type."""
    names = quote(pair.before.name), quote(pair.after.name)
    return Entry(pair, Compared(*names, pair.before), fewer=fewer)


def retyped_entry(
    pair: ColumnPair, cast: Cast, table: TablePair, old: psycopg.Connection[Any]
) -> Entry:
    """Of a column of another type. Raises psycopg.Error."""
    compared = Compared(cast.was, cast.back, cast.type)
    return Entry(pair, compared, cast, cast.fewer, too_long=_too_long(pair, table, old))


def kind_of(entry: Entry, difference: Difference, *, by_type: bool) -> ChangeKind:
    """`by_type`: is each value what the old one is, cast to the new type?"""
    texts = entry.pair.before.base_type in LENGTHS and entry.pair.after.base_type in LENGTHS
    if texts and (difference.cut_short or entry.too_long):
        return ChangeKind.TRUNCATED_VALUES
    if by_type:
        return lossy_kind(entry.pair)
    if difference.rounded and entry.cast is not None:
        return ChangeKind.CHANGED_PRECISION
    return ChangeKind.CHANGED_VALUES


def _too_long(pair: ColumnPair, table: TablePair, old: psycopg.Connection[Any]) -> bool:
    limit = pair.after.length
    if limit is None or pair.after.is_array or pair.before.base_type not in LENGTHS:
        return False
    lengths = rows_of(table.parts_before, [f"length({quote(pair.before.name)}) AS n"])
    row = old.execute(f"SELECT max(n) > {limit} FROM ({lengths}) AS r".encode()).fetchone()
    return row is not None and bool(row[0])

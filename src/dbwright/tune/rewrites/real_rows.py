"""Reading rows of one table of a copy, as texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Table, TableKind
from dbwright.model.names import literal, quote
from dbwright.tune.copied_rows import evenly
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.stand_in import Key

__all__ = ["RealRows"]

LOOKED_AT = 2000
"""Rows of a table from which its sample is taken."""
MEETING = 200_000
"""Rows of a table among which those that meet rows of other tables are looked for."""
WIDEST = 20_000
"""Bytes of a row's text: rows are put in again and again, so none is larger."""


@dataclass(frozen=True, slots=True)
class RealRows:
    """The rows of one table on the copy. Its methods raise psycopg.Error."""

    connection: psycopg.Connection[Any]
    table: Table
    columns: Sequence[str]
    count: int

    @property
    def relation(self) -> str:
        # Tables that inherit are taken by themselves, partitions with the whole.
        only = "" if self.table.kind is TableKind.PARTITIONED else "ONLY "
        return f"{only}{self.table.qualified} AS sampled"

    @property
    def narrow(self) -> str:
        return f"octet_length((sampled.*)::text) <= {WIDEST}"

    def evenly(self, most: int, condition: str = "", enough: int = LOOKED_AT) -> list[Row]:
        texts = [quote(name) for name in self.columns]
        found = evenly(
            self.connection,
            self.relation,
            self.count,
            texts,
            " AND ".join(filter(None, (self.narrow, condition))),
            most=most,
            enough=enough,
        )
        return [dict(zip(self.columns, row, strict=True)) for row in found]

    def pointing(
        self, asked: Sequence[tuple[tuple[str, ...], Sequence[tuple[str, ...]]]], most: int
    ) -> list[Row]:
        """Rows whose columns have one of the values, of each pair."""
        found: list[Row] = []
        for columns, values in asked:
            found += self.evenly(most, _among(columns, values), MEETING)
        return found

    def with_keys(self, keys: Sequence[Key]) -> Iterator[Row]:
        """In the order of the rows' texts."""
        by_columns: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for columns, values in keys:
            by_columns.setdefault(columns, []).append(values)
        if not self.count:
            return
        texts = ", ".join(f"{quote(name)}::text" for name in self.columns)
        for columns, every in by_columns.items():
            found = self.connection.execute(
                f"SELECT {texts} FROM {self.relation} WHERE {self.narrow} "
                f"AND {_among(columns, every)}".encode()
            ).fetchall()
            for row in sorted(found, key=repr):
                yield dict(zip(self.columns, row, strict=True))


def _among(columns: Sequence[str], values: Iterable[Sequence[str]]) -> str:
    rows = (f"({', '.join(map(literal, row))})" for row in values)
    return f"({', '.join(map(quote, columns))}) IN ({', '.join(rows)})"

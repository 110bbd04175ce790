"""The tables that have the column: one, or a partitioned table with all its partitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.migrate.plan.shadow.sides import Side, Unmovable
from dbwright.model.catalog import Table, TableKind

__all__ = ["Pair", "filled", "pairs_of", "with_triggers"]


BEFORE_ROWS = 13
"""From which version on a partitioned table has triggers before each row."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One table, before the change and after it."""

    here: Side
    there: Side

    @property
    def back(self) -> Pair:
        """On the way back."""
        return Pair(self.there, self.here)

    @property
    def table(self) -> Table:
        return self.here.table

    @property
    def name(self) -> str:
        return self.here.table.qualified

    @property
    def is_partitioned(self) -> bool:
        return self.here.table.kind is TableKind.PARTITIONED


def pairs_of(here: Side, there: Side) -> tuple[Pair, ...]:
    """The table itself, then all below it, each behind its parent. Raises Unmovable."""
    return tuple(_pairs(here, there))


def _pairs(here: Side, there: Side) -> Iterator[Pair]:
    pair = Pair(here, there)
    yield pair
    for child in here.catalog.children(here.table):
        later = there.catalog.find_table(child.qualified)
        if child.kind is TableKind.FOREIGN:
            raise Unmovable(f"{child.qualified} is a foreign table, whose rows are elsewhere")
        if later is None or len(child.inherits) > 1:
            raise Unmovable(f"{child.qualified} has the column from several tables")
        name = here.column.name
        yield from _pairs(
            Side(here.catalog, child, child.column(name)),
            Side(there.catalog, later, later.column(name)),
        )


def with_triggers(major: int, pairs: tuple[Pair, ...]) -> tuple[Table, ...]:
    """The tables whose triggers see each row that is written. A partitioned table has one for
    all of its partitions where the version knows that, and heirs have each their own."""
    if len(pairs) == 1 or (pairs[0].is_partitioned and major >= BEFORE_ROWS):
        return (pairs[0].table,)
    return tuple(pair.table for pair in pairs if pair.table.kind is TableKind.TABLE)


def filled(pairs: tuple[Pair, ...]) -> tuple[tuple[Pair, str], ...]:
    """What is gone over in batches, each with how its rows are named: a partitioned table whole,
    of tables with heirs each by itself."""
    if len(pairs) == 1 or pairs[0].is_partitioned:
        return ((pairs[0], pairs[0].name),)
    return tuple((pair, f"ONLY {pair.name}") for pair in pairs)

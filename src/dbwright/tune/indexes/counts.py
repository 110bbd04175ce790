"""What was counted in a table's rows, as the size model takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, IndexColumn, MaterializedView, Table
from dbwright.model.entries import EntryKind
from dbwright.model.statistics import Statistics
from dbwright.tune.indexes.duplicates import distinct_keys
from dbwright.tune.indexes.extent import extent_of
from dbwright.tune.indexes.gin_size import GinEntries
from dbwright.tune.indexes.key_kind import entry_kind, key_text
from dbwright.tune.indexes.repeats import classes_of, counted_entries
from dbwright.tune.indexes.widths import HEADER

__all__ = ["Counts"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one relation; of partitions, of the whole that they are parts of."""

    relation: Table | MaterializedView
    catalog: Catalog
    statistics: Statistics

    def entries(self, key: IndexColumn) -> tuple[GinEntries, ...] | None:
        """Those of a key of a GIN index; None where they were not counted."""
        column = next((c for c in self.relation.columns if c.name == key.column), None)
        kind = entry_kind(key, column)
        if kind is None:
            return None
        found = self.statistics.of_entries(self.relation, (key_text(key),), kind)
        return None if found is None else counted_entries(found, self._rows)

    def combinations(self, keys: Sequence[IndexColumn], rows: float) -> dict[frozenset[str], float]:
        """How many different ones so many rows have, by columns' names and expressions' texts."""
        names = {key_text(key): key.column or key.expression or "" for key in keys}
        return {
            frozenset(names[key] for key in one.keys): distinct_keys(
                classes_of(one, self._rows), rows
            )
            for one in self.statistics.entries
            if one.table_oid == self.relation.oid
            and one.kind is EntryKind.WHOLE
            and names.keys() >= set(one.keys)
        }

    def tuple_bytes(self, keys: Sequence[IndexColumn]) -> float | None:
        """Of all keys together, on average of the rows; None where they were not counted."""
        texts = tuple(sorted(key_text(key) for key in keys))
        found = self.statistics.of_entries(self.relation, texts, EntryKind.WHOLE)
        if found is None:
            return None
        each = [(one.entries * one.rows, one.bytes) for group in found.groups for one in group]
        return HEADER + sum(rows * size for rows, size in each) / sum(rows for rows, _ in each)

    @property
    def _rows(self) -> float:
        return extent_of(self.relation, self.catalog, self.statistics).rows or 0.0

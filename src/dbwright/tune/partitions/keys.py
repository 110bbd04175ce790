"""Names on the way to a partitioned table, and what its keys become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Key
from dbwright.model.names import quote
from dbwright.sql.index_build import free_name
from dbwright.tune.partitions.candidates import Candidate

__all__ = ["Names", "Primary", "changed_primary", "kept_keys", "stem"]

STEM_BYTES = 28
"""Of a name, so that everything that is put behind it has room in 63."""


def stem(name: str) -> str:
    """The beginning of a name."""
    return name.encode()[:STEM_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called before, meanwhile and after. None is qualified or quoted."""

    schema: str
    table: str
    parent: str
    """The partitioned table, until it takes the table's name."""
    old: str
    """The table, once it is a partition; also its check, until then."""

    def qualified(self, name: str) -> str:
        """As SQL."""
        return f"{quote(self.schema)}.{quote(name)}"

    def of_old(self, number: int) -> str:
        """The name of a key of the old table, once the partitioned one has its own."""
        return f"{self.old}_key_{number + 1}"

    def of_parent(self, number: int) -> str:
        """The name of a key of the partitioned table, until it has its own."""
        return f"{self.parent}_key_{number + 1}"

    @property
    def old_primary(self) -> str:
        return f"{self.old}_pkey"

    @property
    def parent_primary(self) -> str:
        return f"{self.parent}_pkey"

    @property
    def narrow_primary(self) -> str:
        """On the way back, as long as the partitioned table has the name."""
        return f"{self.old}_pkey_again"


@dataclass(frozen=True, slots=True)
class Primary:
    """A primary key that lacks the partition key."""

    key: Key
    columns: tuple[str, ...]
    """Of the new one."""
    wide: str
    """The index of the new one."""
    narrow: str
    """An index that keeps the old one's promise for the rows that are there, and is the key again
    on the way back."""

    @property
    def indexes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Both with their columns."""
        return (self.wide, self.columns), (self.narrow, self.key.columns)


def changed_primary(catalog: Catalog, candidate: Candidate) -> Primary | None:
    """None where there is no primary key, or it has the partition key."""
    table, name = candidate.table, candidate.column.name
    key = table.primary_key
    if key is None or name in key.columns:
        return None
    begin = f"{stem(table.name)}_{stem('_'.join(key.columns))}"[:40]
    wide = free_name(catalog, table.schema, f"{begin}_parts_key")
    narrow = free_name(catalog, table.schema, f"{begin}_old_key", {(table.schema, wide)})
    return Primary(key, (*key.columns, name), wide, narrow)


def kept_keys(candidate: Candidate) -> Iterator[Key]:
    """The keys that a partitioned table can have as they are."""
    return (key for key in candidate.table.keys if candidate.column.name in key.columns)

"""Oids and numbers of catalog rows, and what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from dbwright.engines.postgresql.session import Row
from dbwright.model.names import qualify, quote

__all__ = ["DEFAULT_COLLATION", "Names", "options", "system_name"]

DEFAULT_COLLATION = 100
"""pg_collation's "default": the database's own."""


@dataclass(slots=True)
class Names:
    """Oids and numbers, and what they are called."""

    relations: dict[int, str] = field(default_factory=dict)
    """Qualified, by oid."""
    pairs: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Schema and name, by oid."""
    columns: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """By relation and position."""
    indexes: dict[int, str] = field(default_factory=dict)
    own_collations: dict[tuple[int, int], int] = field(default_factory=dict)
    """By relation and position, where it is not the database's own: few columns have one."""
    index_constraints: dict[int, str] = field(default_factory=dict)
    """The constraint that an index enforces, by the index's oid."""
    collations: dict[int, str] = field(default_factory=dict)
    partitioned_indexes: dict[int, str] = field(default_factory=dict)
    """Qualified, by oid; a partition's own index may be in another schema."""
    nulls_not_distinct: set[int] = field(default_factory=set)
    """Oids of unique indexes that hold NULLs to be equal."""

    def of_columns(self, relation: int, positions: Iterable[int] | None) -> tuple[str, ...]:
        """The plain columns among the positions (0 stands for an expression)."""
        known = self.columns.get(relation, {})
        return tuple(known[p] for p in positions or () if p in known)


def system_name(row: Row) -> str:
    """As the server writes it: without its schema where that is pg_catalog."""
    return quote(row.name) if row.schema == "pg_catalog" else qualify(row.schema, row.name)


def options(pairs: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """`["fillfactor=90"]` as pairs."""
    if not pairs:
        return ()
    return tuple((name, value) for name, _, value in (pair.partition("=") for pair in pairs))

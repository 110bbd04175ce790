"""The order in which tables are filled: those that are referred to first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dbwright.design.seed.foreign import may_be_null
from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind

__all__ = ["Order", "fillable", "in_order"]


@dataclass(frozen=True, slots=True)
class Order:
    tables: tuple[Table, ...]
    postponed: tuple[tuple[Table, ForeignKey], ...]
    """Foreign keys within a circle: NULL at first, and set when all tables have rows."""
    circular: tuple[tuple[Table, ForeignKey], ...]
    """Those that can't be NULL: no order of the tables fulfils them."""


def fillable(catalog: Catalog) -> list[Table]:
    """Tables that rows can be put into; partitions get theirs through the whole."""
    return [
        replace(table, foreign_keys=_of_all_levels(catalog, table))
        for table in catalog.tables
        if table.kind is not TableKind.FOREIGN and not table.is_partition
    ]


def _of_all_levels(catalog: Catalog, table: Table) -> tuple[ForeignKey, ...]:
    """The foreign keys of a table, and those that only its partitions declare: a row may go to any
    of them."""
    found = list(table.foreign_keys)
    if table.partition_key is not None:
        for part in catalog.children(table):
            found += _of_all_levels(catalog, part)
    different = {(k.columns, k.references, k.referenced_columns): k for k in reversed(found)}
    return tuple(reversed(different.values()))


def in_order(tables: Sequence[Table]) -> Order:
    """Parents first; of a circle the foreign keys that may be NULL wait."""
    there = {table.qualified: table for table in tables}
    waiting: list[tuple[Table, ForeignKey]] = []
    circular: list[tuple[Table, ForeignKey]] = []
    cut: set[tuple[str, str]] = set()
    while True:
        ordered, left = _sorted(there, cut)
        if not left:
            return Order(tuple(ordered), tuple(waiting), tuple(circular))
        edges = [
            (table, key)
            for name in left
            for table in [there[name]]
            for key in table.foreign_keys
            if key.references in left
            and key.references != name
            and (name, key.name) not in cut
            and _reaches(there, cut, key.references, name)
        ]
        loose = [edge for edge in edges if may_be_null(*edge)]
        waits = [edge for edge in edges if edge[1].deferrable]
        chosen = (loose or waits or edges)[0]
        (waiting if loose else circular).append(chosen)
        cut.add((chosen[0].qualified, chosen[1].name))


def _sorted(there: dict[str, Table], cut: set[tuple[str, str]]) -> tuple[list[Table], list[str]]:
    """In an order, and what is left because of circles (and behind them)."""
    ordered: list[Table] = []
    done: set[str] = set()
    left = list(there)
    while True:
        free = [name for name in left if _parents(there, cut, name) <= done]
        if not free:
            return ordered, left
        ordered += [there[name] for name in free]
        done |= set(free)
        left = [name for name in left if name not in done]


def _parents(there: dict[str, Table], cut: set[tuple[str, str]], name: str) -> set[str]:
    return {
        key.references
        for key in there[name].foreign_keys
        if key.references in there and key.references != name and (name, key.name) not in cut
    }


def _reaches(there: dict[str, Table], cut: set[tuple[str, str]], start: str, end: str) -> bool:
    seen: set[str] = set()
    waiting: Iterable[str] = {start}
    while waiting:
        if end in waiting:
            return True
        seen |= set(waiting)
        waiting = {parent for name in waiting for parent in _parents(there, cut, name)} - seen
    return False

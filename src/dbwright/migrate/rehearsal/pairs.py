"""Which table and which column of one catalog is which of another one of the same database.

A database that was made from another one as its template has the same OIDs, and a column keeps its
number as long as it lives: so what was renamed is told from what was dropped and made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dbwright.model.catalog import Catalog, Column, Index, Table

__all__ = ["ColumnPair", "TablePair", "Unpaired", "paired"]


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """One column, before and after."""

    before: Column
    after: Column

    @property
    def same_type(self) -> bool:
        return self.before.type == self.after.type


@dataclass(frozen=True, slots=True)
class TablePair:
    """A table, or a partitioned one with all that has its rows or had them."""

    before: Table
    after: Table
    parts_before: tuple[str, ...]
    """Qualified names of what stores its rows."""
    parts_after: tuple[str, ...]
    columns: tuple[ColumnPair, ...]
    dropped: tuple[Column, ...]
    added: tuple[Column, ...]
    made_anew: bool
    """Is the second one another table of the same name?"""

    @property
    def name(self) -> str:
        """As it was before."""
        return self.before.qualified

    @property
    def key(self) -> tuple[ColumnPair, ...]:
        """The columns that tell its rows apart on both sides; empty where none do."""
        for table, side in ((self.before, "before"), (self.after, "after")):
            names = () if table.primary_key is None else table.primary_key.columns
            pairs = [p for name in names for p in self.columns if getattr(p, side).name == name]
            if names and len(pairs) == len(names):
                return tuple(pairs)
        return ()

    @property
    def new_unique_indexes(self) -> tuple[Index, ...]:
        """Of the second table, those that the first one had not, or with another collation."""
        own = {column.name: column for column in self.before.columns}
        known = {_told(index, own) for index in _unique(self.before)}
        as_before = {pair.after.name: pair for pair in self.columns}
        columns = {
            column.name: replace(column, name=as_before[column.name].before.name)
            if column.name in as_before
            else column
            for column in self.after.columns
        }
        return tuple(i for i in _unique(self.after) if _told(i, columns) not in known)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """What is on one side only."""

    dropped: tuple[Table, ...]
    created: tuple[Table, ...]


def paired(
    before: Catalog, after: Catalog, left_out: Collection[str] = (), *, by_name: bool = False
) -> tuple[tuple[TablePair, ...], Unpaired]:
    """All tables with rows, but for those `left_out` (qualified names, on both sides).

    `by_name`: what has one name is one thing, as it is for who only sees the schema.
    """
    olds = {t.oid: t for t in _own(before, left_out)}
    news = {t.oid: t for t in _own(after, left_out)}
    same = {oid: (old, news[oid]) for oid, old in olds.items() if oid in news}
    gone = {t.qualified: t for oid, t in olds.items() if oid not in news}
    made = {t.qualified: t for oid, t in news.items() if oid not in olds}
    pairs = [_Group(old, new, by_name) for old, new in same.values()]
    pairs += [_Group(gone[name], made[name], True) for name in gone if name in made]
    groups = tuple(_merged(pairs, before, after, olds, news))
    covered_before = {name for group in groups for name in group.parts_before}
    covered_after = {name for group in groups for name in group.parts_after}
    named = {group.before.qualified for group in groups}
    now = {group.after.qualified for group in groups}
    return groups, Unpaired(
        tuple(t for n, t in gone.items() if n not in covered_before and n not in named),
        tuple(t for n, t in made.items() if n not in covered_after and n not in now),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    before: Table
    after: Table
    made_anew: bool


def _own(catalog: Catalog, left_out: Collection[str]) -> Iterator[Table]:
    for table in catalog.tables:
        here = table.stores_rows or table.partition_key is not None
        if here and table.qualified not in left_out and table.persistence != "temporary":
            yield table


def _merged(
    pairs: list[_Group],
    before: Catalog,
    after: Catalog,
    olds: Mapping[int, Table],
    news: Mapping[int, Table],
) -> Iterator[TablePair]:
    """Each with its partitions, before and after: rows that move from one of them to another, a
    partition that is detached, a table that becomes one, are no rows lost."""
    roots = {oid: _root(before, table).oid for oid, table in olds.items()}
    roots_after = {oid: _root(after, table).oid for oid, table in news.items()}
    partner = {p.before.oid: p.after.oid for p in pairs}
    back = {after_oid: before_oid for before_oid, after_oid in partner.items()}
    leader: dict[int, int] = {}
    for pair in pairs:
        # A partitioned table of either time leads; what is a partition at either time follows it.
        old, new = roots[pair.before.oid], roots_after[pair.after.oid]
        is_part = old != pair.before.oid and old in partner
        leader[pair.before.oid] = old if is_part else back.get(new, pair.before.oid)
    for pair in pairs:
        if leader[pair.before.oid] != pair.before.oid:
            continue
        members = [p for p in pairs if leader[p.before.oid] == pair.before.oid]
        before_parts = {p.before.oid for p in members}
        before_parts |= {oid for oid, root in roots.items() if root == pair.before.oid}
        after_parts = {p.after.oid for p in members}
        after_parts |= {oid for oid, root in roots_after.items() if root == pair.after.oid}
        yield _pair(
            pair,
            tuple(olds[oid].qualified for oid in sorted(before_parts) if olds[oid].stores_rows),
            tuple(news[oid].qualified for oid in sorted(after_parts) if news[oid].stores_rows),
        )


def _unique(table: Table) -> Iterator[Index]:
    return (index for index in table.indexes if index.unique)


def _told(index: Index, columns: Mapping[str, Column]) -> object:
    """What makes rows equal to it."""
    return frozenset(
        (key.expression, key.collation)
        if key.column is None or key.column not in columns
        else (columns[key.column].name, key.collation or columns[key.column].collation)
        for key in index.keys
    ), index.predicate


def _root(catalog: Catalog, table: Table) -> Table:
    """The partitioned table that it is a part of, at the top; itself where it is none."""
    while table.is_partition and table.inherits:
        parent = catalog.find_table(table.inherits[0])
        if parent is None:
            return table
        table = parent
    return table


def _pair(group: _Group, parts_before: tuple[str, ...], parts_after: tuple[str, ...]) -> TablePair:
    old, new = group.before, group.after
    key = "name" if group.made_anew else "position"
    later = {getattr(column, key): column for column in new.columns}
    earlier = {getattr(column, key) for column in old.columns}
    columns = tuple(
        ColumnPair(column, later[getattr(column, key)])
        for column in old.columns
        if getattr(column, key) in later
    )
    return TablePair(
        old,
        new,
        parts_before,
        parts_after,
        columns,
        tuple(column for column in old.columns if getattr(column, key) not in later),
        tuple(column for column in new.columns if getattr(column, key) not in earlier),
        group.made_anew,
    )

"""Which table, and which column, is the same one before and after.

What has its name is what the application finds there, so a name on both sides goes first, whatever
has it now: a table that was copied and put in the place of the old one is compared with the old
one. What has no such name any more was renamed, and keeps its number (oid, position). A partitioned
table is one with its partitions: rows that move between them are not lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dbwright.model.catalog import Catalog, Column, Index, Table
from dbwright.model.partitions import partition_root

__all__ = ["ColumnPair", "TablePair", "Unpaired", "paired"]


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """One column, before and after."""

    before: Column
    after: Column
    replaced: bool = False
    """Is the second one another column that took the name of the first?"""
    aside: str = ""
    """The name that the first one has now, where another one took its own."""

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
    aside: str = ""
    """The name that the first one has now, where another one took its own; qualified."""

    @property
    def name(self) -> str:
        """As it was before."""
        return self.before.qualified

    @property
    def kept(self) -> tuple[ColumnPair, ...]:
        """Columns whose type is the same."""
        return tuple(one for one in self.columns if one.same_type)

    @property
    def key(self) -> tuple[ColumnPair, ...]:
        """The columns that tell its rows apart on both sides; empty where none do."""
        for table, side in ((self.before, "before"), (self.after, "after")):
            for names in _keys(table):
                pairs = [p for name in names for p in self.columns if getattr(p, side).name == name]
                if len(pairs) == len(names):
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
    pairs = list(_matched(olds, news, by_name))
    groups = tuple(_merged(pairs, before, after, olds, news))
    covered_before = {name for group in groups for name in group.parts_before}
    covered_after = {name for group in groups for name in group.parts_after}
    named = {group.before.qualified for group in groups}
    now = {group.after.qualified for group in groups}
    gone = [t for oid, t in olds.items() if oid not in news]
    made = [t for oid, t in news.items() if oid not in olds]
    return groups, Unpaired(
        tuple(t for t in gone if t.qualified not in covered_before | named),
        tuple(t for t in made if t.qualified not in covered_after | now),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    before: Table
    after: Table
    made_anew: bool
    aside: str = ""


def _matched(
    olds: Mapping[int, Table], news: Mapping[int, Table], by_name: bool
) -> Iterator[_Group]:
    """Each of the first tables with the one that is it now, if any."""
    named = {table.qualified: table for table in news.values()}
    taken = {named[t.qualified].oid for t in olds.values() if t.qualified in named}
    for old in olds.values():
        same, new = news.get(old.oid), named.get(old.qualified)
        if new is not None:
            anew = new.oid != old.oid
            free = anew and same is not None and same.oid not in taken
            yield _Group(old, new, anew or by_name, same.qualified if same and free else "")
        elif same is not None and same.oid not in taken:
            yield _Group(old, same, by_name)


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    """What tells its rows apart: the primary key, or columns that are unique and never NULL."""
    if table.primary_key is not None:
        yield table.primary_key.columns
    never = {column.name for column in table.columns if column.not_null}
    for index in table.indexes:
        names = tuple(key.column for key in index.keys if key.column is not None)
        whole = len(names) == len(index.keys) and not index.partial and index.valid
        if index.unique and not index.primary and whole and never.issuperset(names):
            yield names


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
    roots = {oid: partition_root(before, table).oid for oid, table in olds.items()}
    roots_after = {oid: partition_root(after, table).oid for oid, table in news.items()}
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
        # A partition that was set aside has its rows still.
        after_parts |= {p.before.oid for p in members if p.aside and p is not pair}
        after_parts |= {oid for oid, root in roots_after.items() if root == pair.after.oid}
        aside = "" if pair.before.oid in after_parts else pair.aside
        yield _pair(
            replace(pair, aside=aside),
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


def _pair(group: _Group, parts_before: tuple[str, ...], parts_after: tuple[str, ...]) -> TablePair:
    old, new = group.before, group.after
    columns, dropped, added = _columns(old, new, group.made_anew)
    return TablePair(
        old, new, parts_before, parts_after, columns, dropped, added, group.made_anew, group.aside
    )


def _columns(
    old: Table, new: Table, by_name: bool
) -> tuple[tuple[ColumnPair, ...], tuple[Column, ...], tuple[Column, ...]]:
    """The pairs, what is dropped, and what is added. A column that took another one's name is
    neither of these: its values are compared under that name."""
    named = {column.name: column for column in new.columns}
    placed = {} if by_name else {column.position: column for column in new.columns}
    names = {column.name for column in old.columns}
    pairs: list[ColumnPair] = []
    dropped: list[Column] = []
    for column in old.columns:
        now, same = named.get(column.name), placed.get(column.position)
        if now is not None:
            replaced = not by_name and now is not same
            aside = same.name if replaced and same is not None and same.name not in names else ""
            pairs.append(ColumnPair(column, now, replaced, aside))
        elif same is None:
            dropped.append(column)
        elif same.name not in names:
            pairs.append(ColumnPair(column, same))
    known = {one.after.name for one in pairs}
    places = set() if by_name else {column.position for column in old.columns}
    added = (c for c in new.columns if c.name not in known and c.position not in places)
    return tuple(pairs), tuple(dropped), tuple(added)

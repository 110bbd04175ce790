"""Which names are visible where, as parse_relation.c of PostgreSQL has it.

A `Level` is what the expressions of one query level see; its parent is what they see outside. The
columns of a join with USING are merged: the merged name stands for the column of the left side (of
the right side in a RIGHT JOIN, for both in a FULL JOIN).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from dbwright.sql.scope.nouns import WHOLE_ROW, ColumnUse, RelationKind, RelationUse

if TYPE_CHECKING:
    from dbwright.sql.scope.builder import ScopeBuilder

__all__ = ["SYSTEM_COLUMNS", "Cte", "Item", "Level", "Resolved", "Targets"]

Targets: TypeAlias = tuple[ColumnUse, ...]
"""What a name stands for: one column, or both of a FULL JOIN's merged one."""

SYSTEM_COLUMNS = frozenset("ctid xmin xmax cmin cmax tableoid".split())


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name is, and whose level it belongs to."""

    uses: Targets
    owner: ScopeBuilder

    @property
    def only(self) -> ColumnUse | None:
        """The column; None for a merged one of a FULL JOIN, and for a whole row."""
        if len(self.uses) == 1 and self.uses[0].column != WHOLE_ROW:
            return self.uses[0]
        return None


@dataclass(slots=True)
class Item:
    """Something in FROM that names can refer to: a relation use, or a join."""

    alias: str
    order: list[tuple[str, Targets]]
    """The columns as `*` gives them."""
    use: RelationUse | None = None
    """None for a join."""
    relation_visible: bool = True
    columns_visible: bool = True
    has_alias: bool = False
    names: dict[str, Targets | None] = field(default_factory=dict)
    """By visible name; None: there are several of that name."""

    def __post_init__(self) -> None:
        for name, targets in self.order:
            self.names[name] = None if name in self.names else targets

    def behind_join(self) -> Item:
        """The same item as a side of a join: only its name can still be used."""
        return Item(
            self.alias,
            self.order,
            self.use,
            relation_visible=self.relation_visible,
            columns_visible=False,
            has_alias=self.has_alias,
        )

    @property
    def open(self) -> bool:
        """Might it have columns that are not known?"""
        return self.use is not None and self.use.columns is None

    @property
    def everything(self) -> Targets:
        """What a reference to the whole row reads."""
        if self.use is not None:
            return (ColumnUse(self.use, WHOLE_ROW),)
        return tuple(use for _, targets in self.order for use in targets)

    def find(self, name: str) -> Targets | None:
        """The column of that name. Several, or none: None."""
        found = self.names.get(name)
        if found is None and name in SYSTEM_COLUMNS and self.use is not None and _stored(self.use):
            return (ColumnUse(self.use, name),)
        return found


def _stored(use: RelationUse) -> bool:
    return use.stored or use.kind is RelationKind.UNKNOWN


@dataclass(slots=True)
class Cte:
    """A name of a WITH clause."""

    name: str
    ensure: Callable[[Cte], None]
    """Reads its query, if that was not done yet (with RECURSIVE, names may come later)."""
    scope: ScopeBuilder | None = None
    columns: tuple[str, ...] | None = None
    busy: bool = False
    """Is its own query being read just now?"""


@dataclass(slots=True)
class Level:
    """What is visible at one query level."""

    scope: ScopeBuilder
    parent: Level | None = None
    items: list[Item] = field(default_factory=list)
    ctes: dict[str, Cte] = field(default_factory=dict)

    def view(self, items: list[Item]) -> Level:
        """The same level, with other items: for ON, and for what is LATERAL."""
        return Level(self.scope, self.parent, items, self.ctes)

    def outward(self) -> Iterator[Level]:
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent

    def cte(self, name: str) -> Cte | None:
        for level in self.outward():
            if name in level.ctes:
                return level.ctes[name]
        return None

    def column(self, name: str) -> Resolved | str:
        """An unqualified column; the reason where it is not known."""
        open_items: list[tuple[Level, Item]] = []
        for level in self.outward():
            visible = [item for item in level.items if item.columns_visible]
            found = [targets for item in visible if (targets := item.find(name)) is not None]
            if len(found) > 1 or any(name in i.names and i.names[name] is None for i in visible):
                return "several relations have a column of that name"
            if found:
                return Resolved(found[0], level.scope)
            open_items += [(level, item) for item in level.items if item.open]
        whole = self.relation(name)
        if whole is not None:
            return Resolved(whole[1].everything, whole[0].scope)
        return _by_elimination(name, open_items)

    def relation(self, name: str, schema: str | None = None) -> tuple[Level, Item] | None:
        """The item that a qualifier names."""
        for level in self.outward():
            for item in level.items:
                if item.relation_visible and _is_called(item, name, schema):
                    return level, item
        return None

    def qualified(self, relation: str, name: str, schema: str | None = None) -> Resolved | str:
        """`relation.name`; the reason where it is not known."""
        found = self.relation(relation, schema)
        if found is None:
            return "no relation of that name is in scope"
        level, item = found
        targets = item.find(name)
        if targets is not None:
            return Resolved(targets, level.scope)
        if item.use is not None and item.open:
            return Resolved((ColumnUse(item.use, name),), level.scope)
        if name in item.names:
            return "the relation has several columns of that name"
        return "the relation has no column of that name"


def _is_called(item: Item, name: str, schema: str | None) -> bool:
    """A schema can be named only where the relation has no alias."""
    if schema is None:
        return item.alias == name
    use = item.use
    return use is not None and not item.has_alias and (use.schema, use.name) == (schema, name)


def _by_elimination(name: str, items: list[tuple[Level, Item]]) -> Resolved | str:
    """A name that no known relation has must be of a function's result, where that is the only
    thing in scope whose columns are not known."""
    if len(items) == 1:
        level, item = items[0]
        if item.use is not None and item.use.kind is RelationKind.FUNCTION:
            return Resolved((ColumnUse(item.use, name),), level.scope)
    if items:
        return "it may be of a relation whose columns are not known"
    return "no relation in scope has a column of that name"

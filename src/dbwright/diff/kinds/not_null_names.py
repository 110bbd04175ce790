"""The names of NOT NULLs (PostgreSQL 18 and later) that are not those which the server chooses."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.step import Step
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import ObjectRef
from dbwright.model.names import quote
from dbwright.sql.default_names import DefaultNames

__all__ = ["NAMED", "NotNullNameKind", "chosen_name", "given_name"]

KIND = "name of NOT NULL"
NAMED = 18
"""The first major of which NOT NULLs have names."""


def given_name(table: Table, column: str) -> str | None:
    """Where it is not the one that the server would choose."""
    name = _name(table, column)
    return name if name is not None and name != chosen_name(table, column) else None


def _name(table: Table, column: str) -> str | None:
    """None: that which the server chooses, or not read."""
    return next((one.name for one in table.not_nulls if one.column == column), None)


def chosen_name(table: Table, column: str) -> str:
    """What the server calls the NOT NULL of a column that nobody named."""
    return DefaultNames().choose(table.name, [column], "not_null")


class NotNullNameKind(Kind):
    """Of tables that share none with parents or children: those can't be renamed one by one."""

    key = KIND
    rank = 83
    properties = (Property("name", lambda item: item.noun),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for one in table.not_nulls:
                alone = one.validated and not one.inherited
                if alone and one.name != chosen_name(table, one.column):
                    if catalog.children(table):
                        break
                    column = f"{table.qualified}.{quote(one.column)}"
                    ref = ObjectRef(KIND, column)
                    yield Item(ref, self.key, one.name, ObjectRef("column", column), table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.parent not in world.created:  # else its column says so
            yield from _renamed(item, item.noun, world)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        column = world.after.get(item.parent) if item.parent is not None else None
        if column is not None and column.noun.not_null and item.parent not in world.created:
            chosen = chosen_name(item.whole, column.noun.name)
            yield from _renamed(item, chosen, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return list(_renamed(after, after.noun, world)) if changed else ()


def _renamed(item: Item, name: str, world: World) -> Iterable[Step]:
    """From the one that the column has when all else has changed."""
    assert item.parent is not None
    old = world.before.get(item.parent)
    column: Column | None = old.noun if old is not None else None
    if column is None:
        return
    table = item.whole.qualified
    before: Table = old.whole if old is not None else item.whole
    now = _name(before, column.name) if column.not_null else None
    now = now or chosen_name(item.whole, column.name)
    if now != name:
        words = f"{quote(now)} TO {quote(name)}"
        yield Step(f"ALTER TABLE {table} RENAME CONSTRAINT {words}", item.ref)

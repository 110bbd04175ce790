"""Does a migration say that it does what it did? Its words, held against a change of content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from dbwright.migrate.rehearsal.changes import Change
from dbwright.migrate.rehearsal.written import ANY, Name, Written
from dbwright.model.catalog import Catalog, Table

__all__ = ["Meant", "Words"]


class Words(Enum):
    """What a file says of a value that is another one now."""

    SET = auto()
    """A statement sets the column."""
    BESIDE = auto()
    """Statements set other columns of the same table: a trigger did the rest."""
    RETYPED = auto()
    """`ALTER … TYPE … USING`: the new values are whatever the expression says."""
    UNREAD = auto()
    """Nobody can read all that it does."""
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Meant:
    """What a file says, and the schemas that give its names a meaning."""

    written: Written
    before: Catalog
    after: Catalog

    def removes(self, change: Change) -> bool:
        """Does it say that it takes rows out of that table?"""
        if self.written.anything:
            return True
        return not self.written.removed_from.isdisjoint(self._names(change))

    def words(self, change: Change) -> Words:
        """What it says of a column's values (of any column's, where the change names none)."""
        names = frozenset(self._names(change))
        columns = {change.column, change.column_now} - {""}
        tables = {name for _, name in names}
        if any((table, column) in self.written.retyped for table in tables for column in columns):
            return Words.RETYPED
        found = {column for name, column in self.written.set if name in names}
        own = {column.name for table in self._tables(change) for column in table.columns}
        # A view may have other names for its columns: which ones they are is not known.
        views = frozenset(self._views(change))
        renamed = any(name in views and one not in own for name, one in self.written.set)
        if found & columns or ANY in found or renamed:
            return Words.SET
        if found and (not columns or change.generated):
            return Words.SET
        if change.type.rpartition(".")[2].strip('"') in self.written.respelled:
            return Words.SET
        if found and not change.replaced:
            return Words.BESIDE
        return Words.UNREAD if self.written.anything else Words.NONE

    def _names(self, change: Change) -> Iterator[Name]:
        """All by which a statement can reach the table's rows."""
        for table in self._tables(change):
            yield table.schema, table.name
            yield "", table.name
        yield from self._views(change)

    def _views(self, change: Change) -> Iterator[Name]:
        reached = {table.qualified for table in self._tables(change)}
        for catalog in (self.before, self.after):
            views = list(catalog.views)
            while found := [view for view in views if not reached.isdisjoint(view.depends_on)]:
                views = [view for view in views if view not in found]
                reached |= {view.qualified for view in found}
                for view in found:
                    yield view.schema, view.name
                    yield "", view.name

    def _tables(self, change: Change) -> Iterator[Table]:
        """It, its parents, and what inherits from it."""
        for catalog, name in ((self.before, change.table), (self.after, change.table_now)):
            table = catalog.find_table(name)
            if table is not None:
                yield from _down(catalog, table)
                yield from _up(catalog, table)


def _down(catalog: Catalog, table: Table) -> Iterator[Table]:
    yield table
    for child in catalog.children(table):
        yield from _down(catalog, child)


def _up(catalog: Catalog, table: Table) -> Iterator[Table]:
    for name in table.inherits:
        parent = catalog.find_table(name)
        if parent is not None:
            yield parent
            yield from _up(catalog, parent)

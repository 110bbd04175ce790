"""A statement, and the database around it: all that a form looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.migrate.plan.known import (
    all_names,
    known_objects,
    known_that_go,
    lost,
)
from dbwright.migrate.plan.naming import free_name_in, schemas_of
from dbwright.model.catalog import Catalog, Function, MaterializedView, Table
from dbwright.model.effects import Effects
from dbwright.model.finding import ObjectRef
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.names import qualify, quote
from dbwright.sql.default_names import DefaultNames
from dbwright.sql.index_names import free_name

__all__ = ["SMALL_BYTES", "Situation", "constraint_names", "oids", "stored"]

LONGEST = 90
SMALL_BYTES = 10 * 1024 * 1024
"""Of a table that is read or written anew faster than anybody notices."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One statement with one command, within a run."""

    statement: JudgedStatement
    file: JudgedMigration
    run: JudgedRun
    small: int = SMALL_BYTES
    """Bytes up to which a table is small."""
    ways_back: tuple[str, ...] = ()
    """The statements of the file's own DOWN part."""

    @property
    def kind(self) -> str:
        return self.statement.kind

    @property
    def node(self) -> Mapping[str, Any]:
        return self.statement.node

    @property
    def effects(self) -> Effects:
        return self.statement.effects

    @property
    def before(self) -> Catalog:
        return self.file.before

    @property
    def after(self) -> Catalog:
        return self.file.after

    @property
    def major(self) -> int:
        return self.run.major

    @property
    def short(self) -> str:
        """Its text, for a sentence."""
        words = " ".join(self.statement.text.split())
        return words if len(words) <= LONGEST else f"{words[: LONGEST - 3]}…"

    @property
    def objects_that_go(self) -> frozenset[ObjectRef]:
        return lost(self.before, self.after)

    @property
    def objects_that_come(self) -> frozenset[ObjectRef]:
        return lost(self.after, self.before)

    @property
    def names_of_views_that_go(self) -> frozenset[str]:
        """Of materialized views."""
        gone = (one.name for one in self.objects_that_go if one.kind == "materialized view")
        return frozenset(gone)

    @property
    def known_that_go(self) -> tuple[str, ...]:
        """What an application may know since before the file, and finds no more after it."""
        ends = (self.run.migrations[0].before, self.run.migrations[-1].after)
        return known_that_go(self.before, self.after, *ends)

    @property
    def known_meanwhile(self) -> tuple[ObjectRef, ...]:
        """What an application may know since before the file, and does not find after this."""
        return known_objects(self.before, self.after, self.run.migrations[0].before)

    def is_there_at_end(self, table: Table, column: str | None = None) -> bool:
        """Has something else of the same file the name of the table, or of its column, then?"""
        name = table.qualified if column is None else f"{table.qualified}.{quote(column)}"
        return name in all_names(self.run.migrations[-1].after)

    def command(self, *subtypes: str) -> Mapping[str, Any] | None:
        """The one command of an ALTER TABLE, where it is one of these."""
        if self.kind != "AlterTableStmt":
            return None
        commands = self.node.get("cmds", ())
        if len(commands) != 1:
            return None
        command: Mapping[str, Any] = commands[0]["AlterTableCmd"]
        return command if not subtypes or command.get("subtype") in subtypes else None

    def named(self, relation: Mapping[str, Any], catalog: Catalog | None = None) -> Table | None:
        """The table of a RangeVar, as the session's search_path finds it; before the statement,
        or in another catalog."""
        where = self.before if catalog is None else catalog
        for name in self._names(relation):
            if (found := where.find_table(name)) is not None:
                return found
        return None

    def materialized_view(self, relation: Mapping[str, Any]) -> MaterializedView | None:
        by_name = {view.qualified: view for view in self.before.materialized_views}
        return next((by_name[name] for name in self._names(relation) if name in by_name), None)

    def altered(self) -> tuple[Table, Table] | None:
        """The table of an ALTER TABLE before and after; None where it is none that is in use."""
        relation = self.node.get("relation")
        if relation is None or (table := self.named(relation)) is None:
            return None
        later = self.after.find_table(table.qualified)
        return None if later is None or not self.is_busy(table) else (table, later)

    def is_busy(self, relation: Table | MaterializedView) -> bool:
        """Is it in use, and too large to be locked while it is read? What is not known counts as
        large; what this run made itself is nobody's yet."""
        name = relation.qualified
        return not self.file.is_new(name) and not self.is_small(relation)

    def is_used(self, relation: Table | MaterializedView) -> bool:
        """May an application know it?"""
        return not self.file.is_new(relation.qualified)

    def is_small(self, relation: Table | MaterializedView) -> bool:
        """Of a partitioned table: with all its partitions."""
        size = self.bytes_of(relation)
        return size is not None and size < self.small

    def bytes_of(self, relation: Table | MaterializedView) -> int | None:
        """With its indexes; None where that is not known."""
        found = self.run.size(relation.qualified)
        children = self.before.children(relation) if isinstance(relation, Table) else ()
        sizes = [self.bytes_of(child) for child in children]
        if found is None and not (children and isinstance(relation, Table)):
            return None
        own = 0 if found is None else (found.total_bytes or 0)
        return None if None in sizes else own + sum(size or 0 for size in sizes)

    def rewrites(self, table: Table) -> bool:
        """Are its rows written anew, or those of its partitions?"""
        return self._of(table, (one.name for one in self.effects.rewritten))

    def scans(self, table: Table) -> bool:
        return self._of(table, (one.name for one in self.effects.scanned))

    def builds(self, table: Table) -> bool:
        return self._of(table, (one.table.name for one in self.effects.built))

    def owner_of(self, table: Table) -> str | None:
        """On the target; None where that is not known. In the sandbox all belongs to one role."""
        start = self.run.start
        known = None if start is None else start.find_table(table.qualified)
        return known.owner or None if known is not None else None

    def has_same_owner(self, function: Function, table: Table) -> bool:
        """On the target; where that is not known, it is assumed."""
        start = self.run.start
        if start is None or (owner := self.owner_of(table)) is None:
            return True
        known = (one for one in start.functions if one.signature == function.signature)
        return all(one.owner == owner for one in known)

    def free_relation(self, schema: str, wanted: str) -> str:
        """A name that no relation of the schema has, before the file or after it."""
        taken = {(schema, name) for name in self._taken(schema)}
        return free_name(self.before, schema, wanted, taken)

    def free_column(self, table: Table, wanted: str, ending: str) -> str:
        """A name that no column of the table has, before the file or after it; with its ending,
        however long the rest is."""
        later = self.after.find_table(table.qualified)
        columns = (*table.columns, *(later.columns if later else ()))
        return free_name_in(wanted, ending, {column.name for column in columns})

    def free_constraint(self, table: Table, *parts: str) -> str:
        """A name that no constraint of the table has, before the file or after it."""
        later = self.after.find_table(table.qualified)
        taken = {name for one in (table, later) if one for name in constraint_names(one)}
        names = DefaultNames()
        for name in taken:
            names.take(name)
        return names.choose(table.name, parts[:-1], parts[-1])

    def _taken(self, schema: str) -> set[str]:
        names = {one.name for one in self.after.views if one.schema == schema}
        names |= {one.name for one in self.after.sequences if one.schema == schema}
        indexed: list[Table | MaterializedView] = [
            *self.after.tables,
            *self.after.materialized_views,
        ]
        names |= {one.name for one in indexed if one.schema == schema}
        names |= {index.name for one in indexed for index in one.indexes if one.schema == schema}
        return names

    def _of(self, table: Table, names: Iterable[str]) -> bool:
        return not self._below(table).isdisjoint(names)

    def _below(self, table: Table) -> set[str]:
        found = {table.qualified}
        for child in self.before.children(table):
            found |= self._below(child)
        return found

    def _names(self, relation: Mapping[str, Any]) -> list[str]:
        name = relation["relname"]
        if relation.get("schemaname"):
            return [qualify(relation["schemaname"], name)]
        path = self.statement.session.get("search_path", '"$user", public')
        return [qualify(schema, name) for schema in schemas_of(path)]


def constraint_names(table: Table) -> list[str]:
    """Of all its constraints."""
    names = [one.name for one in table.keys] + [one.name for one in table.foreign_keys]
    names += [one.name for one in table.exclusions] + [one.name for one in table.checks]
    return names + [one.name for one in table.not_nulls]


def stored(catalog: Catalog) -> list[Table | MaterializedView]:
    """All that has rows."""
    return [*catalog.tables, *catalog.materialized_views]


def oids(catalog: Catalog) -> frozenset[int]:
    """Of all that has rows: a name may change."""
    return frozenset(one.oid for one in stored(catalog))

"""Migrations as a server judged them: each statement with what it does, and what it does it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.effects import Effects
from dbwright.model.migration import Migration, MigrationOptions, ScriptStatement
from dbwright.model.report import Skipped
from dbwright.model.statistics import Statistics, TableStatistics

__all__ = ["JudgedMigration", "JudgedRun", "JudgedStatement"]


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """A statement of a migration, and what a server did for it."""

    statement: ScriptStatement
    kind: str
    """Of its parse tree, as libpg_query names it (`AlterTableStmt`); empty where it is no SQL that
    the parser knows."""
    node: Mapping[str, Any]
    """The tree below that name; empty where there is none."""
    effects: Effects
    transaction: int = 0
    """Which of the file's transactions it is part of, counted from 0; a statement that runs outside
    of transactions has a number of its own."""
    judged: bool = True
    """False where its locks were not seen but are told by its form (what runs outside of
    transactions), or not at all: then `effects` says nothing but what the server refused."""
    session: Mapping[str, str] = field(default_factory=dict)
    """Settings on which verdicts depend, as they were when it ran: TimeZone, lock_timeout,
    statement_timeout, search_path."""
    new: frozenset[str] | None = None
    """Tables and materialized views of the run's own, by the names that they have just before or
    just after the statement; None where nobody looked."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """What those that the run found are called by now, with the name under which it found them."""

    @property
    def text(self) -> str:
        return self.statement.text


@dataclass(frozen=True)
class JudgedMigration:
    """A file, statement by statement, and the database around it."""

    migration: Migration
    whole: bool
    """Is it one transaction?"""
    steps: tuple[JudgedStatement, ...]
    before: Catalog
    """The database just before the file."""
    after: Catalog
    """And just after it, without what was refused."""
    new: frozenset[str] = frozenset()
    """Tables and materialized views, qualified, that files before it in the same run made: nobody
    uses them yet, and they hold no rows."""
    down: tuple[ScriptStatement, ...] | None = None
    """The part that takes it back; None where there is none."""
    options: MigrationOptions = field(default_factory=MigrationOptions)
    """What its head says of how it is to be run."""

    @cached_property
    def made(self) -> frozenset[str]:
        """What was not there before this file, by qualified name."""
        there = {relation.oid for relation in _relations(self.before)}
        known = {relation.qualified for relation in _relations(self.before)}
        # By oid: one that was renamed is as full as it was.
        here = {r.qualified for r in _relations(self.after) if r.oid not in there}
        made = {one.name for step in self.steps for one in step.effects.created}
        return frozenset(here | (made - known))

    def is_new(self, relation: str, step: JudgedStatement | None = None) -> bool:
        """Was this table made by this file, or by one before it in the same run? `step`: as the
        name is meant there; a file may drop a table and make another one of its name."""
        if step is not None and step.new is not None:
            return relation in step.new
        return relation in self.new or relation in self.made


@dataclass(frozen=True)
class JudgedRun:
    """Files that are run one after the other, in one deployment."""

    migrations: tuple[JudgedMigration, ...]
    major: int
    """Of the server that judged."""
    statistics: Statistics | None = None
    """Of the target or its snapshot; None where files alone are known, and not how large tables
    are."""
    start: Catalog | None = None
    """The target's own catalog: the oids by which `statistics` are found."""
    skipped: tuple[Skipped, ...] = ()
    """What could not be judged, and why."""

    def size(self, relation: str) -> TableStatistics | None:
        """Rows and bytes of a table of the target; None where nothing is known."""
        if self.statistics is None or self.start is None:
            return None
        found = self._oids.get(relation)
        return None if found is None else self._sizes.get(found)

    @cached_property
    def _oids(self) -> Mapping[str, int]:
        if self.start is None:
            return {}
        return {relation.qualified: relation.oid for relation in _relations(self.start)}

    @cached_property
    def _sizes(self) -> Mapping[int, TableStatistics]:
        tables = () if self.statistics is None else self.statistics.tables
        return {table.oid: table for table in tables}


def _relations(catalog: Catalog) -> tuple[Table | MaterializedView, ...]:
    return (*catalog.tables, *catalog.materialized_views)

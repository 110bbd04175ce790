"""Loading a copy's tables one after the other, whatever of them can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import psycopg

from dbwright.engines.postgresql.rows import RowReader, Sample
from dbwright.engines.postgresql.session import Unreadable, first_line
from dbwright.model.catalog import Catalog, MaterializedView
from dbwright.model.report import Skipped
from dbwright.model.statistics import Statistics
from dbwright.progress import Progress
from dbwright.sandbox.copy.parents import missing_keys, references
from dbwright.sandbox.copy.relations import Relation
from dbwright.sandbox.copy.transfer import NotTaken, transfer, transfer_keys

__all__ = ["Loading"]

PAGE = 8192


class Loading:
    """What is loaded, and how that went."""

    def __init__(
        self,
        relations: Sequence[Relation],
        statistics: Statistics | None,
        most_rows: int | None,
        progress: Progress,
        *,
        fresh: bool = True,
        whole: Collection[str] = (),
    ) -> None:
        """`fresh`: does no foreign key refer to the tables yet? `whole`: tables of which all rows
        are wanted, whatever `most_rows` says."""
        self._fresh = fresh
        self._whole = whole
        self._relations = relations
        self._statistics = statistics
        self._most_rows = most_rows
        self._progress = progress
        self.rows: dict[str, int] = {}
        """Of each table that was loaded, by its qualified name."""
        self.partly: set[str] = set()
        """Tables of which there may be more rows on the target."""
        self.skipped: list[Skipped] = []

    def run(self, reader: RowReader, connection: psycopg.Connection[Any]) -> None:
        """Load all. Raises ConnectionLost (of the target), SandboxError (of the copy)."""
        hidden = reader.hidden([relation.oid for relation in self._relations])
        for number, relation in enumerate(self._relations):
            name = relation.qualified
            self._progress(f"copying {name}", number, len(self._relations))
            sample = self._sample(relation)
            try:
                rows = transfer(
                    reader, connection, relation, sample, self._progress, fresh=self._fresh
                )
            except Unreadable as problem:
                self._skip(name, problem.reason, problem.remedy)
                continue
            except NotTaken as problem:
                self._skip(name, str(problem))
                continue
            self.rows[name] = rows
            if sample is not None and (not sample.whole or rows >= sample.rows):
                self.partly.add(name)
            if relation.oid in hidden:
                self.partly.add(name)
                self._skip(
                    name,
                    "row level security may hide rows from this user: those that it shows are "
                    "copied",
                    "read it as a role with BYPASSRLS",
                )

    def add_parents(
        self,
        reader: RowReader,
        connection: psycopg.Connection[Any],
        catalog: Catalog,
        whole: Mapping[str, Sequence[str]],
    ) -> None:
        """Fetch the rows that a sample's rows refer to. `whole`: of partitioned tables, what holds
        their rows. Raises ConnectionLost, SandboxError."""
        partly = dict.fromkeys(self.partly, True)
        partly |= {name: any(m in self.partly for m in members) for name, members in whole.items()}
        for child, key, parent in references(catalog, list(self.rows), partly):
            self._progress(f"copying the rows of {parent.qualified} that others refer to")
            try:
                keys = missing_keys(connection, child, key, parent)
                if keys is not None:
                    transfer_keys(reader, connection, parent, keys, self._progress)
            except Unreadable as problem:
                self._skip(parent.qualified, problem.reason, problem.remedy)
            except NotTaken as problem:
                self._skip(parent.qualified, str(problem))
            except psycopg.Error as problem:
                if connection.broken or connection.closed:
                    raise
                self._skip(parent.qualified, first_line(problem))
        for name in self.rows:
            row = connection.execute(f"SELECT count(*) FROM ONLY {name}".encode()).fetchone()
            self.rows[name] = 0 if row is None else row[0]

    def _skip(self, name: str, reason: str, remedy: str = "") -> None:
        self.skipped.append(Skipped("copy.tables", reason, remedy, (name,)))

    def _sample(self, relation: Relation) -> Sample | None:
        if self._most_rows is None or relation.qualified in self._whole:
            return None
        counted = None if self._statistics is None else self._statistics.of(relation)
        if counted is None:
            return Sample(self._most_rows, 0.0, 0)
        pages = counted.pages if counted.heap_bytes is None else counted.heap_bytes // PAGE
        if not isinstance(relation, MaterializedView) and relation.is_partition:
            share = counted.best_rows / max(1.0, self._rows_of_siblings(relation.inherits))
            return Sample(max(1, round(self._most_rows * share)), counted.best_rows, pages)
        return Sample(self._most_rows, counted.best_rows, pages)

    def _rows_of_siblings(self, parents: Sequence[str]) -> float:
        """Of all that is loaded of the same partitioned table."""
        return sum(
            counted.best_rows
            for other in self._relations
            if not isinstance(other, MaterializedView) and other.inherits == tuple(parents)
            for counted in [self._statistics.of(other) if self._statistics else None]
            if counted is not None
        )

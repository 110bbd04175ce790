"""What would it cost if …? Indexes on a twin that are there or not, as the question wants it.

All of them are made once, while the tables are empty. An index is hidden by `indislive = false`:
the planner then does not even open it. A question shows the indexes it asks about, and explains,
in a transaction that is rolled back (`questions`); nothing but the catalog is touched, and no
extension is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from dbwright.model.names import qualify
from dbwright.model.statistics import ColumnStatistics
from dbwright.sandbox.twin.files import PAGE, resize, write_btree
from dbwright.sandbox.twin.questions import EXPLAIN, Questions
from dbwright.sandbox.twin.statistics import put_column_statistics
from dbwright.sandbox.twin.twin import Twin
from dbwright.sandbox.twin.visible import HIDE, SHOW

__all__ = ["Answer", "Hypothetical", "IndexFigures", "WhatIf"]
BATCH = 100
"""Indexes made at once."""


@dataclass(frozen=True, slots=True)
class IndexFigures:
    """How large an index of one table would be."""

    pages: int
    rows: float
    height: int = 0
    """Of a b-tree: levels above the leaves."""


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """An index that might be made."""

    name: str
    """Of the index, bare; no relation of the twin has it."""
    definition: str
    """CREATE INDEX with that name."""
    schema: str
    table: str
    expressions: Mapping[int, ColumnStatistics] = field(default_factory=dict)
    """What is known of its keys that are expressions, by their number from 1."""

    @property
    def qualified(self) -> str:
        """As `Answer.used` has it: `schema.name`, unquoted."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the planner says of one statement under one set of indexes."""

    cost: float
    used: frozenset[str]
    """Names (`schema.name`, unquoted) of the indexes in the plan, real and hypothetical; that of
    a partitioned table for each of its parts, if it was added or watched."""


class WhatIf:
    """Questions to a twin's planner. Counts its calls in `calls`."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._connection = twin.connect()
        self._oids: dict[str, tuple[int, ...]] = {}
        self._whole: dict[str, str] = {}
        # Each question is asked once: preparing it would only cost.
        self._connection.prepare_threshold = None
        self._questions = Questions(self._connection)
        self.calls = 0

    def __enter__(self) -> WhatIf:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    @property
    def known(self) -> frozenset[str]:
        """Names of the hypothetical indexes that could be made."""
        return frozenset(self._oids)

    def table_names(self) -> dict[int, str]:
        """The qualified name (as SQL) of each table, by its oid on the twin."""
        rows = self._connection.execute(
            "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'"
        )
        return {row[0]: qualify(row[1], row[2]) for row in rows}

    def add(
        self,
        indexes: Iterable[Hypothetical],
        figures: Callable[[Hypothetical, int], IndexFigures],
    ) -> dict[str, str]:
        """Make them, hidden. `figures`: how large one is on a table (the oid on the twin; of a
        partitioned table each partition is asked for). What could not be made, and why."""
        self._questions.end()
        failed: dict[str, str] = {}
        wanted = list(indexes)
        tables = self._tables({(index.schema, index.table) for index in wanted})
        # Else each CREATE INDEX looks at all other indexes, for how many workers it shall have.
        self._connection.execute("SET max_parallel_maintenance_workers = 0")
        with self._emptied(tables), self._aside(tables):
            for start in range(0, len(wanted), BATCH):
                failed |= self._create(wanted[start : start + BATCH])
            made = [index for index in wanted if index.name not in failed]
            parts = self._parts(made)
        for name, own in parts.items():
            self._oids[name] = tuple(part.oid for part in own)
            self._whole.update((part.name, name) for part in own)
        self._resize(made, parts, figures)
        self._describe(made, parts)
        self._hide([part.oid for own in parts.values() for part in own])
        return failed

    def _create(self, indexes: Sequence[Hypothetical]) -> dict[str, str]:
        """All at once; where one fails, none of them is there, and each is made by itself."""
        failed: dict[str, str] = {}
        try:
            self._connection.execute("; ".join(i.definition for i in indexes).encode())
        except psycopg.Error as problem:
            if len(indexes) == 1:
                return {indexes[0].name: problem.diag.message_primary or str(problem)}
            for index in indexes:
                failed |= self._create([index])
        return failed

    def find(self, names: Iterable[str]) -> dict[str, int]:
        """The oids of real indexes by name (`schema.name`), for `watch`; those that the twin does
        not have are left out."""
        rows = self._connection.execute(
            "SELECT n.nspname || '.' || c.relname, c.oid FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('i', 'I') AND n.nspname || '.' || c.relname = ANY (%s)",
            (list(names),),
        )
        return dict(rows)

    def watch(self, indexes: Mapping[str, int]) -> None:
        """Let real indexes of the twin (`schema.name`, oid there) be hidden as well."""
        self._questions.end()
        rows = self._connection.execute(
            "SELECT i.oid, p.oid, n.nspname || '.' || c.relname FROM unnest(%s::oid[]) i (oid) "
            "CROSS JOIN LATERAL ("
            "  SELECT i.oid UNION SELECT t.relid FROM pg_partition_tree(i.oid) t"
            ") p JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace",
            (list(indexes.values()),),
        ).fetchall()
        for name, oid in indexes.items():
            parts = [row for row in rows if row[0] == oid]
            self._oids[name] = tuple(row[1] for row in parts)
            self._whole.update((row[2], name) for row in parts)
        self._hide([oid for name in indexes for oid in self._oids[name]])

    def unwatch(self, indexes: Iterable[str]) -> None:
        """Show them again for good, to everybody who asks the twin."""
        self._questions.end()
        oids = [oid for name in indexes for oid in self._oids.pop(name)]
        self._connection.execute(SHOW, (oids,))

    def problem(self, statement: str) -> str | None:
        """Why the server can't plan the statement; None where it can."""
        self._questions.end()
        try:
            self.calls += 1
            self._connection.execute(f"{EXPLAIN} {statement}".encode())
        except psycopg.Error as problem:
            return problem.diag.message_primary or str(problem)
        return None

    def rows_written(self, statement: str) -> float | None:
        """As many as the planner expects INSERT, UPDATE, DELETE or MERGE to write; None where the
        statement is none. Raises psycopg.Error where it can't be planned."""
        self.calls += 1
        (plan,) = self._questions.plans([statement], frozenset())
        nodes = [plan]
        while nodes:
            node = nodes.pop()
            children = node.get("Plans", ())
            if node["Node Type"] == "ModifyTable":
                # Of several tables (partitions) each has a plan of its own before version 14.
                return float(sum(child["Plan Rows"] for child in children)) or 1.0
            nodes += children
        return None

    def ask(self, statements: Sequence[str], visible: Iterable[str]) -> list[Answer]:
        """Each statement's answer with these of the indexes that were added or watched visible.

        Raises psycopg.Error where one can't be planned (see `problem`).
        """
        self.calls += len(statements)
        oids = frozenset(oid for name in visible for oid in self._oids[name])
        return [self._answer(plan) for plan in self._questions.plans(statements, oids)]

    def _answer(self, plan: Mapping[str, Any]) -> Answer:
        return Answer(
            plan["Total Cost"],
            frozenset(self._whole.get(name, name) for name in _indexes(plan, "")),
        )

    def _hide(self, oids: Sequence[int]) -> None:
        self._connection.execute(HIDE, (list(oids),))

    def _tables(self, names: set[tuple[str, str]]) -> dict[int, Path]:
        """The files of these tables and their partitions, by oid."""
        data = self._twin.server.data_directory
        rows = self._connection.execute(
            "SELECT c.oid, pg_relation_filepath(c.oid) FROM ("
            "  SELECT DISTINCT coalesce(t.relid, r.oid) AS oid"
            "  FROM unnest(%s::text[], %s::text[]) w (schema, name)"
            "  JOIN pg_namespace n ON n.nspname = w.schema"
            "  JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = w.name"
            "  LEFT JOIN LATERAL pg_partition_tree(r.oid) t ON true"
            ") f JOIN pg_class c ON c.oid = f.oid WHERE c.relkind = 'r'",
            ([schema for schema, _ in names], [name for _, name in names]),
        )
        return {row[0]: data / row[1] for row in rows}

    @contextmanager
    def _emptied(self, tables: Mapping[int, Path]) -> Iterator[None]:
        """With no page in these tables, so that an index is made at once; CREATE INDEX counts
        them anew, so their statistics are put back as well."""
        before = self._connection.execute(
            "SELECT oid, relpages, reltuples, relallvisible FROM pg_class WHERE oid = ANY (%s)",
            (list(tables),),
        ).fetchall()
        lengths = {path: path.stat().st_size for path in tables.values()}
        for path in lengths:
            os.truncate(path, 0)
        try:
            yield
        finally:
            for path, length in lengths.items():
                os.truncate(path, length)
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    "UPDATE pg_class SET relpages = %s, reltuples = %s, relallvisible = %s "
                    "WHERE oid = %s",
                    [(row[1], row[2], row[3], row[0]) for row in before],
                )

    @contextmanager
    def _aside(self, tables: Collection[int]) -> Iterator[None]:
        """With the indexes hidden that partitions of these tables have for themselves: an index of
        the whole takes one that is like it as its part, and would hide it with the others."""
        rows = self._connection.execute(
            "SELECT i.indexrelid FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
            "WHERE t.relispartition AND i.indislive AND pg_partition_root(t.oid) IN ("
            "  SELECT pg_partition_root(oid) FROM unnest(%s::oid[]) w (oid)"
            ") AND NOT EXISTS (SELECT FROM pg_inherits p WHERE p.inhrelid = i.indexrelid)",
            (list(tables),),
        ).fetchall()
        own = [row[0] for row in rows]
        self._hide(own)
        try:
            yield
        finally:
            self._connection.execute(SHOW, (own,))

    def _parts(self, made: Sequence[Hypothetical]) -> dict[str, list[_Part]]:
        """The index itself, or the one of each partition, by `schema.name`."""
        rows = self._connection.execute(
            "SELECT n.nspname || '.' || c.relname, p.oid, pn.nspname || '.' || pc.relname, "
            "       i.indrelid, m.amname, pg_relation_filepath(p.oid)"
            "FROM unnest(%s::text[], %s::text[]) w (schema, name) "
            "JOIN pg_namespace n ON n.nspname = w.schema "
            "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name "
            "CROSS JOIN LATERAL ("
            "  SELECT c.oid UNION SELECT t.relid FROM pg_partition_tree(c.oid) t"
            ") p JOIN pg_index i ON i.indexrelid = p.oid "
            "JOIN pg_class pc ON pc.oid = p.oid "
            "JOIN pg_namespace pn ON pn.oid = pc.relnamespace JOIN pg_am m ON m.oid = pc.relam",
            ([index.schema for index in made], [index.name for index in made]),
        )
        found: dict[str, list[_Part]] = {}
        for name, *part in rows:
            found.setdefault(name, []).append(_Part(*part))
        return found

    def _describe(self, made: Sequence[Hypothetical], parts: Mapping[str, list[_Part]]) -> None:
        """Statistics of expressions, which belong to the index."""
        wanted = {
            (part.oid, number): statistics
            for index in made
            for part in parts[index.qualified]
            for number, statistics in index.expressions.items()
        }
        if not wanted:
            return
        rows = self._connection.execute(
            "SELECT attrelid, attnum, attname FROM pg_attribute WHERE attrelid = ANY (%s)",
            ([oid for oid, _ in wanted],),
        ).fetchall()
        put_column_statistics(
            self._connection,
            [
                (oid, replace(wanted[oid, number], column=name))
                for oid, number, name in rows
                if (oid, number) in wanted
            ],
        )

    def _resize(
        self,
        made: Sequence[Hypothetical],
        parts: Mapping[str, list[_Part]],
        figures: Callable[[Hypothetical, int], IndexFigures],
    ) -> None:
        data = self._twin.server.data_directory
        rows: list[tuple[int, float, int]] = []
        for index in made:
            for part in parts[index.qualified]:
                if part.path is None:
                    continue  # of a partitioned table: it has no pages
                size = figures(index, part.table)
                file = data / part.path
                if part.method == "btree" and size.height:
                    write_btree(file, size.height)
                least = size.height + 2 if part.method == "btree" else 1
                resize(file, max(size.pages, file.stat().st_size // PAGE, least))
                rows.append((size.pages, size.rows, part.oid))
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE pg_class SET relpages = %s, reltuples = %s WHERE oid = %s", rows
            )


@dataclass(frozen=True, slots=True)
class _Part:
    """One index of one table."""

    oid: int
    name: str
    table: int
    method: str
    path: str | None


def _indexes(node: Mapping[str, Any], schema: str) -> Iterator[str]:
    """Names of all indexes in the plan. A bitmap index scan does not say of which schema it is:
    that of the table above it."""
    schema = node.get("Schema", schema)
    if "Index Name" in node:
        yield f"{schema}.{node['Index Name']}"
    for child in node.get("Plans", ()):
        yield from _indexes(child, schema)

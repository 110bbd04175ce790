"""What would it cost if …? Indexes on a twin that are there or not, as the question wants it.

All of them are made once (`hypothetical`). An index is hidden by `indislive = false`:
the planner then does not even open it. A question shows the indexes it asks about, and explains,
in a transaction that is rolled back (`questions`); nothing but the catalog is touched, and no
extension is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg

from dbwright.model.names import qualify
from dbwright.sandbox.twin.hypothetical import Hypothetical, IndexFigures, make
from dbwright.sandbox.twin.questions import EXPLAIN, Questions
from dbwright.sandbox.twin.twin import Twin
from dbwright.sandbox.twin.visible import HIDE, SHOW

__all__ = ["Answer", "WhatIf"]


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
        made, failed = make(
            self._connection, self._twin.server.data_directory, list(indexes), figures
        )
        for name, own in made.items():
            self._oids[name] = tuple(part.oid for part in own)
            self._whole.update((part.name, name) for part in own)
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
        hidden = [oid for name in indexes for oid in self._oids[name]]
        self._connection.execute(HIDE, (hidden,))

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


def _indexes(node: Mapping[str, Any], schema: str) -> Iterator[str]:
    """Names of all indexes in the plan. A bitmap index scan does not say of which schema it is:
    that of the table above it."""
    schema = node.get("Schema", schema)
    if "Index Name" in node:
        yield f"{schema}.{node['Index Name']}"
    for child in node.get("Plans", ()):
        yield from _indexes(child, schema)

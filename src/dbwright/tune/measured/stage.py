"""The advised indexes, built on a copy for real, and states of it in which only some are there.

A state is a transaction: it hides the indexes that are not in it, sets what it sets, and is rolled
back. All indexes are there outside of it, so that VACUUM never leaves an entry behind. Changes have
numbers: of an index that is made its place in the advice, of one that is dropped its place among
the drops, counted on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.model.measured import MeasuredIndex
from dbwright.model.names import qualify, quote
from dbwright.model.report import Skipped
from dbwright.model.tuning import IndexAdvice, IndexDrop
from dbwright.progress import Progress
from dbwright.sandbox.copy.copy import Copy
from dbwright.sandbox.twin.visible import HIDE, SHOW
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.measured.plan_on_copy import PlanOnCopy, plan_on_copy

__all__ = ["Stage", "State"]

PLANNING_SECONDS = 60.0

PARTS = """
SELECT p.oid, n.nspname, c.relname, pg_relation_size(p.oid)
FROM (SELECT to_regclass(%s)::oid AS oid) i
CROSS JOIN LATERAL (
    SELECT i.oid UNION SELECT relid FROM pg_partition_tree(i.oid)
) p
JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace
"""


@dataclass(frozen=True, slots=True)
class State:
    """Which of the changes are made, and settings."""

    made: frozenset[int] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()

    def without(self, numbers: frozenset[int]) -> State:
        return State(self.made - numbers, self.settings)


@dataclass
class Stage:
    """A session on the copy, and what is to be changed there."""

    copy: Copy
    connection: psycopg.Connection[Any]
    built: dict[int, MeasuredIndex] = field(default_factory=dict)
    """New indexes, by number."""
    gone: dict[int, IndexDrop] = field(default_factory=dict)
    """Those to be dropped that the copy has, by number."""
    _oids: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """Of the indexes, by schema and name."""
    _needs: dict[int, int] = field(default_factory=dict)
    """The new index that must be there for one to be dropped."""
    _names: dict[int, str] = field(default_factory=dict)

    def build(
        self,
        advice: Sequence[IndexAdvice],
        candidates: Sequence[CandidateIndex],
        deadline: float,
        progress: Progress,
    ) -> Iterator[Skipped]:
        """Make them, one after the other; tells which could not be made."""
        pairs = list(zip(advice, candidates, strict=True))
        for number, (wanted, candidate) in enumerate(pairs):
            progress(f"building {wanted.name} on the copy", number, len(pairs))
            left = max(1, int((deadline - time.monotonic()) * 1000))
            began = time.perf_counter()
            try:
                for name in candidate.requires:
                    self.connection.execute(f"CREATE EXTENSION IF NOT EXISTS {quote(name)}")
                self.connection.execute(f"SET statement_timeout = {left}")
                self.connection.execute(candidate.definition(wanted.name).encode())
            except psycopg.Error as problem:
                self._require_server(problem)
                reason = f"not advised, for the copy can't have it: {first_line(problem)}"
                yield Skipped("tune.measured", reason, "", (wanted.name,))
                continue
            finally:
                if not self.connection.closed:
                    self.connection.execute("RESET statement_timeout")
            self._add(number, wanted, candidate, time.perf_counter() - began)

    def _add(
        self, number: int, wanted: IndexAdvice, candidate: CandidateIndex, seconds: float
    ) -> None:
        name = qualify(candidate.schema, wanted.name)
        size = self._watch(number, name)
        self._names[number] = name
        if any(key.expression is not None for key in candidate.keys):
            # Of an expression nothing is known before that.
            self.connection.execute(f"ANALYZE {candidate.qualified}".encode())
        self.built[number] = MeasuredIndex(
            name=wanted.name,
            table=wanted.table,
            definition=wanted.definition,
            bytes=size,
            estimated_bytes=wanted.bytes,
            build_seconds=seconds,
            estimated_build_seconds=wanted.build_seconds,
        )

    def add_drops(
        self,
        drops: Sequence[IndexDrop],
        advice: Sequence[IndexAdvice],
        candidates: Sequence[CandidateIndex],
    ) -> None:
        """Let existing indexes be dropped: all that are on the copy, and whose keeper is."""
        keepers = {
            qualify(candidate.schema, wanted.name): number
            for number, (wanted, candidate) in enumerate(zip(advice, candidates, strict=True))
        }
        for number, drop in enumerate(drops, start=len(advice)):
            keeper = None if drop.keeper is None else keepers.get(drop.keeper)
            if keeper is not None:
                self._needs[number] = keeper
            if keeper is None or keeper in self.built:
                self._watch(number, drop.name)
                if self._oids[number]:
                    self.gone[number] = drop
                else:
                    del self._oids[number]

    def _watch(self, number: int, name: str) -> int:
        """Its parts; how many bytes they take."""
        parts = self.connection.execute(PARTS, (name,)).fetchall()
        self._oids[number] = tuple(row[0] for row in parts)
        self._numbers.update(((row[1], row[2]), number) for row in parts)
        return sum(row[3] for row in parts)

    @property
    def everything(self) -> State:
        """All changes made."""
        return State(frozenset(self._oids))

    def needs(self, number: int) -> bool:
        """Can this drop only be where a new index is?"""
        return number in self._needs

    def stays(self, number: int, state: State) -> bool:
        """Is a drop still advised: in the state, or not to be tried here and its keeper there?"""
        if number in self.gone:
            return number in state.made
        return number not in self._needs or self._needs[number] in state.made

    def with_dependents(self, numbers: frozenset[int]) -> frozenset[int]:
        """Changes that can't be without these are taken back with them."""
        return numbers | {drop for drop, keeper in self._needs.items() if keeper in numbers}

    def drop(self, numbers: Sequence[int]) -> None:
        """Take indexes away for good."""
        for number in numbers:
            self.connection.execute(f"DROP INDEX IF EXISTS {self._names.pop(number)}".encode())
            del self._oids[number]

    @property
    def there(self) -> tuple[int, ...]:
        """New ones that are built and not taken away."""
        return tuple(self._names)

    @contextmanager
    def at(self, state: State, seconds: float = PLANNING_SECONDS) -> Iterator[None]:
        """In this state; each statement is ended after so many seconds. Nothing stays."""
        with self.connection.transaction(force_rollback=True):
            self.put(state)
            self.connection.execute(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
            yield

    def put(self, state: State) -> None:
        """Go to the state, inside of a transaction that is rolled back."""
        for switch, wanted in ((SHOW, True), (HIDE, False)):
            numbers = [n for n in self._oids if ((n in state.made) ^ (n in self.gone)) is wanted]
            self.connection.execute(switch, ([oid for n in numbers for oid in self._oids[n]],))
        for name, value in state.settings:
            self.connection.execute("SELECT set_config(%s, %s, true)", (name, value))

    def plan(self, statement: str, state: State) -> PlanOnCopy:
        """Raises psycopg.Error where it can't be planned."""
        with self.at(state):
            return self.plan_here(statement)

    def plan_here(self, statement: str) -> PlanOnCopy:
        """In the state that the transaction is in."""
        row = self.connection.execute(
            f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}".encode()
        ).fetchone()
        assert row is not None
        return plan_on_copy(row[0][0]["Plan"], self._numbers)

    def names(self, numbers: frozenset[int]) -> tuple[str, ...]:
        """Of the new ones among them."""
        return tuple(self.built[n].name for n in sorted(numbers) if n in self.built)

    def _require_server(self, problem: psycopg.Error) -> None:
        if self.connection.broken or self.connection.closed:
            raise problem

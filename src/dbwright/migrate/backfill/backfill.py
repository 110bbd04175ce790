"""One statement, batch by batch: from the first row, or from where an earlier run was cut off.

Each batch is a transaction with the mark of how far it came in it: so whatever ends this at any
point, no row is done twice and none is left out. The last row is that which was there at the
beginning: for rows that come later (a key that is random may put them anywhere) a trigger or the
application has to do what the statement does, from before it begins.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Any, TypeVar

import psycopg
from psycopg.errors import GroupingError

from dbwright.errors import MigrationRefused
from dbwright.migrate.backfill.key import condition
from dbwright.migrate.backfill.keys import Keys
from dbwright.migrate.backfill.pace import Pace
from dbwright.migrate.backfill.pressure import Pressure
from dbwright.migrate.backfill.size import BatchSize, Sizes
from dbwright.migrate.backfill.table import BatchedTable, Part, batched_table
from dbwright.migrate.backfill.throttle import Throttle
from dbwright.migrate.runner.patience import LOCK_PROBLEMS, Patience, with_patience
from dbwright.migrate.runner.session import limit
from dbwright.migrate.runner.watcher import Watcher
from dbwright.migrate.runner.work import Work, place_of
from dbwright.model.batches import BatchMark, BatchOptions
from dbwright.progress import Progress
from dbwright.sql.ranges import RangedStatement

__all__ = ["Backfill", "checksum_of"]

T = TypeVar("T")

FIXED = (
    "a batch takes {:.1f} s however few rows it has: what its FROM, WITH or subqueries compute is "
    "computed for each batch; stop it, and put that into a table with an index first"
)
SHORTEST_WAIT = 0.1
"""Seconds for a lock, however short batches are."""
BATCH = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL jit = off; "
    "SET LOCAL enable_seqscan = off"
)
"""A range that is mistaken for a large one must not read the whole table for each batch."""


@dataclass(slots=True)
class Backfill:
    """A statement on its way through a table."""

    work: Work
    number: int
    """Of the statement in it."""
    connection: psycopg.Connection[Any]
    """In autocommit."""
    watcher: Watcher
    progress: Progress
    execute: Callable[[str], None]
    """Hands a text to the server."""
    write: Callable[[BatchMark], None]
    """Keeps the mark; part of the transaction that is open."""
    keep_turn: Callable[[], None]
    """Raises AnotherRunner where somebody else is at it."""
    mark: BatchMark | None = None
    """None before the first row."""

    @property
    def statement(self) -> RangedStatement:
        return self.work.in_batches[self.number]

    @property
    def options(self) -> BatchOptions:
        assert self.work.batches is not None
        return self.work.batches

    @property
    def _patience(self) -> Patience:
        """A batch that waits for one row keeps others from all rows that it has changed before: so
        it waits no longer than it may take."""
        given = self.work.patience
        longest = max(self.options.seconds, SHORTEST_WAIT)
        return replace(given, lock_timeout=min(given.lock_timeout or longest, longest))

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return place_of(self.work, self.work.statements[self.number])

    def run(self) -> None:
        """To the end. Raises psycopg.Error, MigrationRefused, AnotherRunner."""
        columns = () if self.mark is None else self.mark.columns
        table = batched_table(
            self.connection, self.statement, self.options.name, self.place, columns
        )
        keys = Keys(self.connection, table, self.statement.only, self._patience)
        if self.mark is None:
            self.mark = self._begin(table, keys)
            self.write(self.mark)
        elif table.is_by_parts != bool(self.mark.part):
            raise MigrationRefused(
                f"{self.place}: {table.name} was partitioned otherwise after its first batches",
                "begin with the first row again: --cut-off again",
            )
        pressure = Pressure(self.watcher.pid, table.relations)
        throttle = Throttle(pressure, self.options.max_lag, table.dead)
        sizes = Sizes.of(self.mark.rows, self.options.seconds)
        pace = Pace(self.mark.passed, time.monotonic())
        with self.watcher.looking(pressure.look):
            for part in table.parts:
                if part.oid >= self.mark.part:
                    self._part(keys, part, throttle, sizes, pace)

    def _part(self, keys: Keys, part: Part, throttle: Throttle, sizes: Sizes, pace: Pace) -> None:
        assert self.mark is not None
        if part.oid != self.mark.part or not self.mark.upper:
            upper = self._patiently(lambda: keys.last_of(part))
            self.mark = replace(self.mark, part=part.oid, part_name=part.name, last=(), upper=upper)
        while self.mark.last != self.mark.upper:
            throttle.wait(self._tell)
            self.keep_turn()
            self.mark, seconds = self._patiently(lambda: self._batch(keys, part, sizes))
            pace.note(self.mark.passed, time.monotonic())
            self._tell(f"batch {self.mark.batches}, {pace.words(self.mark.total)}")
            if sizes.batch.is_fixed:
                self._tell(FIXED.format(seconds))
            throttle.after_batch(seconds, sizes.batch, self._tell)

    def _patiently(self, work: Callable[[], T]) -> T:
        return with_patience(lambda _: work(), self._patience, self.watcher, self._tell)

    def _batch(self, keys: Keys, part: Part, sizes: Sizes) -> tuple[BatchMark, float]:
        """The mark behind the next batch, and the seconds that it took."""
        mark = self.mark
        assert mark is not None
        ends = keys.ends(part, mark, sizes.batch.rows, sizes.portion.rows)
        try:
            with self.connection.transaction():
                self.connection.execute(BATCH)
                limit(self.connection, self._patience)
                began = time.monotonic()
                last, rows = self._portions(keys, part, mark.last, ends, sizes.portion)
                seconds = time.monotonic() - began
                sizes.batch.took(seconds, rows)
                done = replace(
                    mark,
                    last=last,
                    rows=sizes.batch.rows,
                    batches=mark.batches + 1,
                    passed=mark.passed + rows,
                )
                self.write(done)
        except LOCK_PROBLEMS:
            sizes.batch.halve()
            raise
        return done, seconds

    def _portions(
        self,
        keys: Keys,
        part: Part,
        last: tuple[str, ...],
        ends: Sequence[tuple[tuple[str, ...], int]],
        size: BatchSize,
    ) -> tuple[tuple[str, ...], int]:
        """One after another, with a rest behind each, until the batch's time is over.

        The key of the last row that is done, and how many rows there were.
        """
        until = time.monotonic() + self.options.seconds
        taken, done = [], 0
        for end, rows in ends:
            range_ = condition(keys.table.key, last, end, self.statement.column)
            conditions = [*part.condition(self.statement.alias), range_]
            began = time.monotonic()
            self.execute(self.statement.within(" AND ".join(conditions)))
            seconds = time.monotonic() - began
            taken.append((seconds, rows - done))
            last, done = end, rows
            if time.monotonic() > until:
                break
            time.sleep(self.options.rest * seconds)
        size.took(*median_low(taken))
        return last, done

    def _begin(self, table: BatchedTable, keys: Keys) -> BatchMark:
        """The mark before the first batch."""
        self._patiently(lambda: self._require_row_by_row(table))
        return BatchMark(
            columns=table.key.columns,
            last=(),
            upper=(),
            checksum=checksum_of(self.statement.text),
            rows=self.options.rows,
            part=table.parts[0].oid,
            part_name=table.parts[0].name,
            estimate=self._patiently(keys.estimate),
        )

    def _require_row_by_row(self, table: BatchedTable) -> None:
        """An aggregate needs all rows at once: beside it the key itself can't be told."""
        if self.statement.kind != "INSERT":
            return
        order = ", ".join(self.statement.column(name) for name in table.key.columns)
        explain = f"EXPLAIN {self.statement.within(f'true ORDER BY {order}')}"
        try:
            with self.connection.transaction():
                limit(self.connection, self._patience)
                self.connection.execute(explain.encode())
        except GroupingError:
            raise MigrationRefused(
                f"{self.place}: its SELECT has an aggregate, which means all rows together",
                "leave `batches:` out, or write it for each row",
            ) from None

    def _tell(self, doing: str, done: int | None = None, total: int | None = None) -> None:
        mark = self.mark
        if mark is None:
            self.progress(doing, done, total)
        else:
            what = f"{self.statement.kind} {mark.part_name or self.options.name}"
            self.progress(f"{what}: {doing}", mark.passed, mark.total)


def checksum_of(text: str) -> str:
    """Of a statement: SHA-256, whatever its line ends."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()

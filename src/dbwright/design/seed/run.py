"""Filling the tables of a catalog, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from dbwright.design.seed.destination import Destination, Refused
from dbwright.design.seed.judge import Judge
from dbwright.design.seed.keys import Keys, ListedKeys, NumberedKeys
from dbwright.design.seed.order import Order
from dbwright.design.seed.parts import Counted
from dbwright.design.seed.plan import Plan, plan
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.stream import batches
from dbwright.design.seed.values.numbers import LIMITS
from dbwright.model.catalog import ForeignKey, Table
from dbwright.model.report import Skipped
from dbwright.progress import Progress

__all__ = ["Filled", "Fillings", "There", "fill"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A table, and how it went."""

    table: Table
    asked: int
    rows: int
    judged: str = ""
    """The constraint for which the server was asked of each row."""
    limit: str = ""
    """The constraint that left fewer rows than were asked for."""
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Fillings:
    tables: list[Filled] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class There:
    """What a table has already, where rows are added to it."""

    rows: int = 0
    starts: Mapping[str, int] = field(default_factory=dict)
    """Of columns that count, the next free number."""


def fill(
    recipe: Recipe,
    order: Order,
    rows: Callable[[Table], int],
    destination: Destination,
    asked: Judge,
    existing: Callable[[Table, Sequence[str]], ListedKeys | None],
    there: Mapping[str, There],
    progress: Progress,
) -> Fillings:
    """`asked`: who is asked of the rows of difficult tables; `existing`: keys that a table has
    before anything is made, None for none; `there`: of tables that rows are added to."""
    work = _Work(recipe, order, rows, destination, asked, existing, there)
    for number, table in enumerate(order.tables):
        wanted = rows(table)
        if wanted:
            progress(f"making {wanted:,} rows of {table.qualified}", number, len(order.tables))
            work.one(table, wanted, progress)
    return work.done


class _Work:
    def __init__(
        self,
        recipe: Recipe,
        order: Order,
        rows: Callable[[Table], int],
        destination: Destination,
        asked: Judge,
        existing: Callable[[Table, Sequence[str]], ListedKeys | None],
        there: Mapping[str, There],
    ) -> None:
        self.recipe = recipe
        self._rows = rows
        self.order = order
        self.destination = destination
        self.asked = asked
        self.existing = existing
        self.there = there
        self.done = Fillings()
        self._keys: dict[tuple[str, tuple[str, ...]], Keys] = {}

    def one(self, table: Table, rows: int, progress: Progress) -> None:
        try:
            for key in [key for of, key in self.order.circular if of is table]:
                self._promise(key)
            filled = self._fill(table, rows, progress)
        except Unfillable as problem:
            self._skip(table, problem.reason, problem.constraint)
            return
        if filled.rows:
            self.done.tables.append(filled)
        else:
            limit = filled.limit or filled.judged
            self._skip(table, "the constraint lets no row pass that was tried", limit)

    def _promise(self, key: ForeignKey) -> None:
        """In a circle of which no foreign key may be NULL, one refers to rows that come later: that
        is known where those count, and allowed where it waits for the end of the transaction."""
        parent = self.recipe.catalog.table(key.references)
        column = parent.column(key.referenced_columns[0])
        counts = len(key.columns) == 1 and column.base_type in LIMITS
        rows = self._rows(parent)
        if not (counts and key.deferrable and rows) or self.there:
            raise Unfillable(
                "it is within a circle of foreign keys that may neither be NULL nor wait", key.name
            )
        sequence = self.recipe.catalog.sequence_of(parent, column)
        start = 1 if sequence is None else sequence.start
        self._keys[key.references, key.referenced_columns] = NumberedKeys(start, rows)

    def _skip(self, table: Table, reason: str, constraint: str) -> None:
        # A child of it has its own reason, and names this table.
        name = str(table.constraint_ref(constraint)) if constraint else str(table.ref)
        told = f"{table.qualified} got no rows: {reason}"
        told += f" (constraint {constraint})" if constraint and constraint not in reason else ""
        self.done.skipped.append(Skipped("rows", told, "", (name,)))

    def _fill(self, table: Table, rows: int, progress: Progress) -> Filled:
        there = self.there.get(table.qualified, There())
        judged = "rows that are there" if there.rows else ""
        try:
            return self._try(table, rows, there, judged, progress)
        except Refused as problem:
            # What was held to be fulfilled is not: so each row is asked for.
            self.recipe.judge.empty(table)
            again = judged or problem.constraint or "a refused row"
        try:
            return self._try(table, rows, there, again, progress)
        except Refused as problem:
            raise Unfillable(problem.reason, problem.constraint) from None
        except psycopg.Error as problem:
            if self.asked.connection.closed:
                raise
            raise Unfillable(Refused(problem).reason) from None

    def _try(
        self, table: Table, rows: int, there: There, judged: str, progress: Progress
    ) -> Filled:
        recorded: list[tuple[tuple[str, ...], Keys]] = []
        for columns in self._wanted(table):
            before = self.existing(table, columns)
            self._keys[table.qualified, columns] = before or ListedKeys()
        postponed = [key for of, key in self.order.postponed if of is table]
        made = plan(
            self.recipe,
            table,
            rows,
            self._keys_of,
            postponed,
            judged=judged,
            offset=there.rows,
            starts=dict(there.starts),
        )
        for columns in self._wanted(table):
            recorded.append((columns, self._kept(made, columns)))
        lines = _told(batches(made, self.asked, recorded), made, progress)
        count = self.destination.fill(made, lines)
        limit = made.limit or made.judged or "a foreign key of which each key is taken once"
        return Filled(table, rows, count, made.judged, limit if count < rows else "", made.columns)

    def _kept(self, made: Plan, columns: tuple[str, ...]) -> Keys:
        """Numbers are not held one by one."""
        name = (made.table.qualified, columns)
        part = next((one for one in made.parts if one.columns == columns), None)
        plain = not made.judged and not made.self_referring
        if isinstance(part, Counted) and not part.nulls and plain and not len(self._keys[name]):
            self._keys[name] = NumberedKeys(part.start)
        return self._keys[name]

    def _wanted(self, table: Table) -> list[tuple[str, ...]]:
        """The columns that foreign keys refer to."""
        found = [
            key.referenced_columns
            for other in self.order.tables
            for key in other.foreign_keys
            if key.references == table.qualified
        ]
        return list(dict.fromkeys(found))

    def _keys_of(self, key: ForeignKey) -> Keys | None:
        name = (key.references, key.referenced_columns)
        if name not in self._keys:
            parent = self.recipe.catalog.find_table(key.references)
            found = None if parent is None else self.existing(parent, key.referenced_columns)
            if found is None:
                return None
            self._keys[name] = found
        return self._keys[name]


def _told(lines: Iterator[list[str]], made: Plan, progress: Progress) -> Iterator[list[str]]:
    count = 0
    for some in lines:
        yield some
        count += len(some)
        progress(f"making rows of {made.table.qualified}", count, made.rows)

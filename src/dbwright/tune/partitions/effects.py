"""What a layout does to the queries of a table, by the planner of a twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.model.snapshot import Snapshot
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.partitions.candidates import Candidate
from dbwright.tune.partitions.frozen import frozen
from dbwright.tune.partitions.indexed import with_index
from dbwright.tune.partitions.layout import Layout, part_names
from dbwright.tune.partitions.split import partitioned
from dbwright.tune.partitions.trial import planned_on, trial_database
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Asked", "Effect", "Effects", "asked", "cost_with_index", "effects"]

WORSE = 1.1
"""A query that costs so much more got worse."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement, and its cost with the table as it is."""

    query: Weighted
    statement: str
    """With the moment's value in the place of now()."""
    cost: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one statement."""

    asked: Asked
    after: float
    partitions: int
    """How many its plan reads."""

    @property
    def worse(self) -> bool:
        return self.after > WORSE * self.asked.cost

    @property
    def added(self) -> float:
        """To the cost of the workload."""
        return (self.after - self.asked.cost) * self.asked.query.weight


@dataclass(frozen=True)
class Effects:
    """What a layout does to all of them; those that got worse first."""

    layout: Layout
    each: tuple[Effect, ...]
    refused: tuple[Asked, ...] = ()
    """Statements that fail on the partitioned table (an ON CONFLICT without its unique key)."""

    @property
    def before(self) -> float:
        return sum(effect.asked.cost * effect.asked.query.weight for effect in self.each)

    @property
    def after(self) -> float:
        return sum(effect.after * effect.asked.query.weight for effect in self.each)

    @property
    def worse(self) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.each if effect.worse)


def asked(candidate: Candidate, snapshot: Snapshot, twin: Twin) -> list[Asked]:
    """The statements that read or change the table. Raises psycopg.Error where the server is
    gone."""
    found: list[Asked] = []
    moment = snapshot.catalog.captured_at
    with twin.connect() as connection:
        for query in candidate.queries:
            statement = frozen(query.statement, moment, connection)
            planned = planned_on(connection, statement)
            if planned is not None:
                found.append(Asked(query, statement, planned.cost))
    return found


def cost_with_index(
    candidate: Candidate, statements: Sequence[Asked], snapshot: Snapshot, twin: Twin
) -> float:
    """Of the workload, were there an index on the key. Raises NoTrial, psycopg.Error."""
    total = 0.0
    indexed = with_index(snapshot, candidate)
    with trial_database(twin.server, indexed, (candidate.table,)) as connection:
        for one in statements:
            planned = planned_on(connection, one.statement)
            cost = one.cost if planned is None else min(one.cost, planned.cost)
            total += cost * one.query.weight
    return total


def effects(layout: Layout, statements: Sequence[Asked], snapshot: Snapshot, twin: Twin) -> Effects:
    """Plan them on the partitioned table. Raises NoTrial, psycopg.Error."""
    table = layout.candidate.table
    names = frozenset(part_names(layout))
    parts = {f"{table.schema}.{name}" for name in names}
    each: list[Effect] = []
    refused: list[Asked] = []
    changed = partitioned(snapshot, layout)
    own = [other for other in changed.catalog.tables if other.name in names]
    whole = changed.catalog.table(table.qualified)
    with trial_database(twin.server, changed, (whole, *own)) as connection:
        for one in statements:
            planned = planned_on(connection, one.statement)
            if planned is None:
                refused.append(one)
            else:
                each.append(Effect(one, planned.cost, len(planned.relations & parts)))
    each.sort(key=lambda effect: (not effect.worse, -effect.added, effect.asked.statement))
    return Effects(layout, tuple(each), tuple(refused))

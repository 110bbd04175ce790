"""Extended statistics that are declared, and that ANALYZE never filled: does it help to?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import ExtendedStatistics
from dbwright.model.snapshot import Snapshot
from dbwright.tune.statistics.known import Known, Limits
from dbwright.tune.statistics.trial import Relation

__all__ = ["Filled", "filled", "unfilled"]


@dataclass(frozen=True, slots=True)
class Filled:
    """What statistics that exist do to an estimate, once ANALYZE has filled them."""

    statistics: ExtendedStatistics
    known: Known
    before: float
    """Rows (or groups) that the planner expects without them."""
    real: int
    after: float


def unfilled(snapshot: Snapshot, relation: Relation) -> tuple[ExtendedStatistics, ...]:
    """The relation's extended statistics that have no data; none where that could not be read."""
    statistics = snapshot.statistics
    if statistics is None or any(s.part == "statistics.extended" for s in snapshot.skipped):
        return ()
    # Before version 15 there is a row from the start, with nothing in it.
    there = {
        (data.schema, data.name)
        for data in statistics.extended
        if data.parts or _is_expression((data.schema, data.name), snapshot)
    }
    return tuple(
        one
        for one in snapshot.catalog.extended_statistics
        if one.table == relation.qualified and (one.schema, one.name) not in there
    )


def _is_expression(name: tuple[str, str], snapshot: Snapshot) -> bool:
    """Of an expression alone: what ANALYZE found for it is not read."""
    known = {(one.schema, one.name): one for one in snapshot.catalog.extended_statistics}
    return name in known and set(known[name].kinds) <= {"expressions"}


def filled(
    connection: psycopg.Connection[Any],
    empty: Sequence[ExtendedStatistics],
    known: Sequence[Known],
    limits: Limits,
) -> Iterator[Filled]:
    """Of each, the estimate that it mends most, on a copy where ANALYZE has filled it; nothing
    where it mends none. Raises psycopg.Error."""
    for statistics in empty:
        alone = set(statistics.kinds) <= {"expressions"}
        asked = [one for one in known if (len(one.question.keys) == 1) is alone]
        after = [one.estimates(connection) for one in asked]
        with connection.transaction(force_rollback=True):
            connection.execute(f"DROP STATISTICS IF EXISTS {statistics.qualified}".encode())
            before = [one.estimates(connection) for one in asked]
        found = [
            Filled(statistics, one, old[place], one.real[place], new[place])
            for one, old, new in zip(asked, before, after, strict=True)
            if one.mended(old, new, limits) and (place := one.worst(old, limits)) is not None
        ]
        if found:
            yield max(found, key=lambda each: each.known.question.weight)

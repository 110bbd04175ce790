"""What an index costs the writes of a workload, in the planner's units.

The planner prices reading; so the bytes that an entry adds to the write-ahead log are priced as
pages read in sequence, and the way down to its leaf as the planner prices it for reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbwright.sql.scope.statement import StatementKind
from dbwright.tune.indexes.writes import UpdateKind
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Writes", "entries_written", "entry_cost", "updates_of", "writes_of"]

PAGE_BYTES = 8192
DESCENT = 0.125
"""50 times cpu_operator_cost, for one level (selfuncs.c)."""
DEAD_ENTRY = 0.25
"""Of what an entry costs: that VACUUM finds and removes it later."""


@dataclass(frozen=True, slots=True)
class Writes:
    """Rows of one table that a kind of statement writes in the workload."""

    kind: StatementKind
    rows: float
    columns: frozenset[str]
    """That an UPDATE sets."""


def writes_of(queries: Iterable[Weighted]) -> dict[tuple[str, str], list[Writes]]:
    """What the queries write in all their calls, by schema and name of the table."""
    found: dict[tuple[str, str], list[Writes]] = defaultdict(list)
    for query in queries:
        target = query.scoped.modified
        if target is not None and target.schema is not None and target.name is not None:
            columns = frozenset(query.scoped.set_columns)
            rows = query.weight * _rows(query)
            found[target.schema, target.name].append(Writes(query.scoped.kind, rows, columns))
    return dict(found)


def updates_of(writes: Iterable[Writes]) -> tuple[UpdateKind, ...]:
    """The kinds of UPDATE among what is written to one table."""
    return tuple(
        UpdateKind(write.columns, write.rows)
        for write in writes
        if write.kind is StatementKind.UPDATE
    )


def _rows(query: Weighted) -> float:
    """That one call writes."""
    rows, calls = query.query.rows, query.query.calls
    return 1.0 if rows is None or not calls else rows / calls


def entries_written(
    writes: Sequence[Writes], used: frozenset[str], others: Sequence[frozenset[str]]
) -> float:
    """How many entries the workload adds to indexes because there is one more, which uses the
    columns `used`; `others` are those that each of the table's other indexes uses.

    An UPDATE that sets none of an index's columns is HOT, if its page has room: it adds nothing.
    One that is not HOT adds an entry to every index.
    """
    entries = 0.0
    indexed = frozenset().union(*others) if others else frozenset()
    for write in writes:
        if write.kind is StatementKind.UPDATE:
            was_hot = not write.columns & indexed
            if write.columns & used:
                entries += write.rows * (1 + (len(others) if was_hot else 0))
            elif not was_hot:
                entries += write.rows
        elif write.kind is StatementKind.DELETE:
            entries += write.rows * DEAD_ENTRY
        else:
            entries += write.rows
    return entries


def entry_cost(wal_bytes: float, height: int) -> float:
    """Of one entry."""
    return wal_bytes / PAGE_BYTES + DESCENT * (height + 1)

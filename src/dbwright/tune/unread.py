"""What could not be read of the target, as far as advice depends on it: so much is a guess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dbwright.model.catalog import TableKind
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.tune.workload.weighted import Weighted

__all__ = ["unread"]

HIDDEN = "statistics.columns.restricted"
"""Tables whose statistics the role may not see."""
NEEDED = (
    "catalog.columns",
    "catalog.constraints",
    "catalog.expressions",
    "catalog.indexes",
    "catalog.relations",
    "catalog.settings",
    "catalog.views",
    "statistics",
)
"""Parts of a snapshot that plans are made of."""


def unread(snapshot: Snapshot, statements: Sequence[Weighted]) -> Iterator[Skipped]:
    """Statistics of the statements' tables that this role can't see, or that nobody ever gathered
    (one part each, with all its tables); then what else was not read."""
    names = {use.qualified for query in statements for use in query.scoped.relations if use.stored}
    guessed = list(_without_statistics(snapshot, sorted(filter(None, names))))
    hidden = {name for part in snapshot.skipped if part.part == HIDDEN for name in part.objects}
    unseen = tuple(name for name in guessed if name in hidden)
    for part in snapshot.skipped:
        if part.part != HIDDEN and part.part.startswith(NEEDED):
            yield part
        elif part.part == HIDDEN and unseen:
            reason = "this role may not see their statistics: what their queries cost is a guess"
            yield replace(part, part="tune.statistics", reason=reason, objects=unseen)
    never = tuple(name for name in guessed if name not in hidden)
    if never:
        yield Skipped(
            "tune.statistics",
            "never analyzed: what their queries cost is a guess",
            "\n".join(f"ANALYZE {name};" for name in never),
            never,
        )


def _without_statistics(snapshot: Snapshot, names: Sequence[str]) -> Iterator[str]:
    """Tables with rows of which no column is described."""
    statistics = snapshot.statistics
    assert statistics is not None
    for name in names:
        table = snapshot.catalog.find_table(name)
        if table is None or table.kind not in (TableKind.TABLE, TableKind.PARTITIONED):
            continue
        counted = statistics.of(table)
        described = any(statistics.of_column(table, column) for column in table.columns)
        if counted is not None and not described and (counted.pages or counted.live_rows):
            yield name

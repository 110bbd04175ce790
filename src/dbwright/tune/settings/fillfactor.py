"""How many updates of a table could be heap-only, and the room on its pages that this takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dbwright.model.autovacuum import root
from dbwright.model.catalog import Table
from dbwright.model.statistics import Statistics
from dbwright.model.workload import Query, Workload
from dbwright.sql.updated_columns import indexes_of, updated_columns
from dbwright.tune.advisors.workbench import Workbench

__all__ = ["HotShare", "Room", "hot_share", "room_for"]

PAGE_BYTES = 8168
"""Of a page of 8 kB, without its header."""
ROW_BYTES = 28
"""Of a row beside its columns: line pointer and tuple header."""
SNAPSHOT_DAYS = 10 / 1440
"""So long an older transaction may need the old versions: ten minutes."""
STEP = 5
LEAST_FILLFACTOR = 50
MOST_FILLFACTOR = 90
"""What is less full is no fault to `dbwright check` either."""
FULL = 100


@dataclass(frozen=True, slots=True)
class HotShare:
    """Of the updates of a table, how many are heap-only and how many could be."""

    updated: int
    hot: int
    possible: float
    """0 to 1: the share of updates, by the workload, that change no indexed column."""
    columns: frozenset[str]
    """That the workload's updates change."""
    blocking: tuple[str, ...]
    """Indexes with such columns."""


@dataclass(frozen=True, slots=True)
class Room:
    """A fillfactor, and what it costs."""

    fillfactor: int
    now: int
    row_bytes: int
    updates_per_row_per_day: float | None
    growth: float
    """Of the table, once all its pages are written anew: 0.25 is a quarter."""
    growth_bytes: int | None


def hot_share(bench: Workbench, table: Table) -> HotShare | None:
    """None where the workload has no UPDATE of the table (of a partition: of the table at the top),
    so that nothing is known of what its updates change."""
    catalog = bench.snapshot.catalog
    counted = bench.statistics.of(table)
    if counted is None:
        return None
    names = {table.qualified, root(catalog, table).qualified}
    every = free = 0
    columns: set[str] = set()
    blocking: dict[str, None] = {}
    for query in _queries(bench):
        changed = updated_columns(catalog, Workload("", (query,)))
        own = frozenset().union(*(changed.get(name, frozenset()) for name in names))
        if not own:
            continue
        rows = query.rows or query.calls
        hindered = indexes_of(catalog, table, own)
        every += rows
        free += 0 if hindered else rows
        columns |= own
        blocking.update(dict.fromkeys(hindered))
    if not every:
        return None
    return HotShare(
        counted.updated,
        counted.hot_updated,
        free / every,
        frozenset(columns),
        tuple(blocking),
    )


def room_for(statistics: Statistics, table: Table, days: float | None) -> Room | None:
    """Room for one more version of a row on each page, or for as many as are made while an older
    transaction may need the old ones. None where there is enough, or a page holds one row only.

    `days`: for how long the counters have run; None where nobody knows.
    """
    counted = statistics.of(table)
    if counted is None or counted.best_rows < 1:
        return None
    width = _row_bytes(statistics, table)
    on_page = PAGE_BYTES // width
    if on_page < 2:
        return None
    a_day = None if days is None else counted.updated / days / counted.best_rows
    versions = 1 + (0 if a_day is None else math.ceil(on_page * a_day * SNAPSHOT_DAYS))
    share = 1 - min(versions, on_page) * width / PAGE_BYTES
    wanted = int(share * 100) // STEP * STEP
    wanted = min(MOST_FILLFACTOR, max(LEAST_FILLFACTOR, wanted))
    now = int(table.option.get("fillfactor", str(FULL)))
    if now <= wanted:
        return None
    growth = now / wanted - 1
    size = counted.heap_bytes
    return Room(wanted, now, width, a_day, growth, None if size is None else round(size * growth))


def _queries(bench: Workbench) -> tuple[Query, ...]:
    """Each once, whatever values it is planned with; those that can't be planned as well."""
    workload = bench.snapshot.workload
    known = {one.query.text: one.query for one in bench.queries}
    for query in workload.queries if workload else ():
        known.setdefault(query.text, query)
    return tuple(known.values())


def _row_bytes(statistics: Statistics, table: Table) -> int:
    """By the columns' average widths, as a row lies on the page."""
    width = float(ROW_BYTES)
    for column in table.columns:
        known = statistics.of_column(table, column)
        if known is not None:
            width += known.average_width * (1 - known.null_fraction)
    return math.ceil(width / 8) * 8

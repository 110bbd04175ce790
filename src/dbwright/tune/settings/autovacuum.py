"""How often autovacuum comes to a table, how often it should, and the parameters that make it so.

Autovacuum comes when more rows are dead than a threshold plus a share of the table (manual, The
Autovacuum Daemon). So the larger a table, the rarer it comes, and the more it has to do then.
What should be: a vacuum for each day's dead rows, and before a twentieth of the table is dead; but
not for less than the least dead rows, and not more often than every half hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.autovacuum import (
    Stored,
    analyze_trigger,
    insert_trigger,
    vacuum_trigger,
)
from dbwright.model.catalog import Catalog
from dbwright.model.statistics import TableStatistics
from dbwright.tune.settings.proposal import number_of

__all__ = ["Upkeep", "VacuumPace", "faster_limit", "pace_of", "upkeep_of", "vacuum_seconds"]

MOST_DEAD_ROWS = 5_000_000
"""However large the table is."""
LEAST_DEAD_ROWS = 1_000
MOST_A_DAY = 48.0
MISS_SINCE_14 = 2.0
MISS_BEFORE = 10.0
"""vacuum_cost_page_miss by default: a page that must be read."""
DEFAULT_DELAY = 0.002
"""Seconds, from version 12 on."""
BUSY_SHARE = 0.25
"""Of the time between two vacuums: one that runs longer than that is slowed down too much."""
FASTER = 5
"""Times the cost limit."""
MOST_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class VacuumPace:
    """What happens to a table in a day."""

    dead_a_day: float
    """Rows that updates and deletes leave behind."""
    inserted_a_day: float
    changed_a_day: float
    """All that counts for ANALYZE."""
    rows: float


@dataclass(frozen=True, slots=True)
class Upkeep:
    """When autovacuum comes, in rows; and the storage parameters that would change it."""

    dead_rows_now: float
    dead_rows_then: float
    inserted_rows_now: float | None = None
    inserted_rows_then: float | None = None
    changed_rows_now: float | None = None
    changed_rows_then: float | None = None
    parameters: tuple[tuple[str, str | None], ...] = ()
    """None: reset."""

    def days_now(self, pace: VacuumPace) -> float | None:
        return self.dead_rows_now / pace.dead_a_day if pace.dead_a_day else None

    def days_then(self, pace: VacuumPace) -> float | None:
        return self.dead_rows_then / pace.dead_a_day if pace.dead_a_day else None


def pace_of(counted: TableStatistics, days: float) -> VacuumPace:
    """From the counters of so many days."""
    return VacuumPace(
        dead_a_day=(counted.updated + counted.deleted) / days,
        inserted_a_day=counted.inserted / days,
        changed_a_day=counted.writes / days,
        rows=counted.best_rows,
    )


def upkeep_of(
    catalog: Catalog,
    relation: Stored,
    pace: VacuumPace,
    *,
    per_day: float,
    inserts_per_day: float,
    max_dead_share: float,
    times: float,
) -> Upkeep | None:
    """What should change, or None where autovacuum comes often enough.

    `per_day`: vacuums for each day's dead rows, at least; `inserts_per_day`: the same for inserted
    ones, and for ANALYZE; `times`: a threshold that is less than so many times too large is left.
    """
    dead_now = vacuum_trigger(catalog, relation, pace.rows)
    dead_then = _wanted(pace.dead_a_day, per_day, max_dead_share, pace.rows)
    changed_now = analyze_trigger(catalog, relation, pace.rows)
    changed_then = _wanted(pace.changed_a_day, inserts_per_day, max_dead_share, pace.rows)
    inserted_now = insert_trigger(catalog, relation, pace.rows)
    inserted_then = _wanted(pace.inserted_a_day, inserts_per_day, max_dead_share, pace.rows)
    own = dict(relation.options)
    parameters: dict[str, str | None] = {}
    if pace.dead_a_day and dead_now > times * dead_then:
        parameters |= _scaled("vacuum", dead_then, pace.rows, own)
    else:
        dead_then = dead_now
    if pace.inserted_a_day and inserted_now is not None and inserted_now > times * inserted_then:
        parameters |= _scaled("vacuum_insert", inserted_then, pace.rows, own)
    else:
        inserted_then = inserted_now or 0.0
    if parameters and changed_now > times * changed_then:
        parameters |= _scaled("analyze", changed_then, pace.rows, own)
    else:
        changed_then = changed_now
    if not parameters:
        return None
    return Upkeep(
        dead_now,
        dead_then,
        inserted_now,
        inserted_then if inserted_now is not None else None,
        changed_now,
        changed_then,
        tuple(parameters.items()),
    )


def vacuum_seconds(
    catalog: Catalog, counted: TableStatistics, dead_rows: float
) -> tuple[float, int] | None:
    """How long autovacuum takes for so many dead rows when it keeps to its cost limit (reading
    what is not all visible and all indexes, writing the pages with dead rows), and that limit.

    None where it is not slowed down, or the sizes are not known.
    """
    delay = number_of(catalog, "autovacuum_vacuum_cost_delay", DEFAULT_DELAY * 1000) / 1000
    limit = number_of(catalog, "autovacuum_vacuum_cost_limit", -1)
    if limit <= 0:
        limit = number_of(catalog, "vacuum_cost_limit", 200)
    if delay <= 0 or not counted.pages:
        return None
    usual = MISS_SINCE_14 if catalog.server.major >= 14 else MISS_BEFORE
    miss = number_of(catalog, "vacuum_cost_page_miss", usual)
    dirty = number_of(catalog, "vacuum_cost_page_dirty", 20)
    per_page = max(1.0, counted.best_rows / counted.pages)
    dirtied = min(float(counted.pages), dead_rows)
    read = max(counted.pages - counted.all_visible_pages, min(counted.pages, dead_rows / per_page))
    indexes = (counted.index_bytes or 0) / catalog.server.block_size
    cost = (read + indexes) * miss + dirtied * dirty
    return cost / limit * delay, int(limit)


def faster_limit(seconds: float, limit: int, days_between: float) -> int | None:
    """A cost limit with which a vacuum is done in time; None where it is already."""
    if seconds <= BUSY_SHARE * days_between * 86400:
        return None
    return min(MOST_LIMIT, max(FASTER * limit, 1000))


def _wanted(a_day: float, per_day: float, share: float, rows: float) -> float:
    """After how many rows it should come."""
    wanted = min(a_day / per_day, share * rows, MOST_DEAD_ROWS)
    return max(wanted, LEAST_DEAD_ROWS, a_day / MOST_A_DAY)


def _scaled(kind: str, wanted: float, rows: float, own: dict[str, str]) -> dict[str, str | None]:
    """A share of the table that is so many rows of it now, and follows its growth."""
    found: dict[str, str | None] = {
        f"autovacuum_{kind}_scale_factor": f"{max(wanted / max(rows, 1.0), 1e-5):.2g}"
    }
    if f"autovacuum_{kind}_threshold" in own:
        found[f"autovacuum_{kind}_threshold"] = None
    return found

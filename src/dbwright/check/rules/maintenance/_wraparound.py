"""How near the 32-bit counters of transactions and multixacts are to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dbwright.check.rule import Fault
from dbwright.check.rules.maintenance._horizon import holders
from dbwright.check.rules.maintenance._storage import stored
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, LockMode, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import DatabaseStatistics, Statistics, TableStatistics

__all__ = ["LIMIT", "Counter", "wraparound"]

LIMIT = 2**31
"""Ids further back than that would count as being in the future."""

OLDEST = 5
"""So many tables are named."""


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted: transaction ids or multixact ids."""

    plural: str
    setting: str
    default: int
    """Of the setting."""
    of: Callable[[DatabaseStatistics | TableStatistics], int | None]


def wraparound(
    counter: Counter,
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    late_times: float,
    error_share: float,
    critical_share: float,
) -> Iterator[Fault]:
    """A fault of each database whose oldest row is too old."""
    setting = catalog.setting(counter.setting)
    start = counter.default if setting is None else int(setting.value)
    for database in statistics.databases:
        age = counter.of(database)
        if age is None:
            continue
        if age >= critical_share * LIMIT:
            severity = Severity.CRITICAL
        elif age < late_times * start:
            continue
        else:
            severity = Severity.ERROR if age >= error_share * LIMIT else Severity.WARNING
        yield _fault(counter, catalog, statistics, activity, database, age, start, severity)


def _fault(
    counter: Counter,
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    database: DatabaseStatistics,
    age: int,
    start: int,
    severity: Severity,
) -> Fault:
    name = quote(database.name)
    here = database.name == catalog.server.database
    # What vacuum can't get past explains the age only if it is about as old.
    held = [h for h in holders(catalog, activity) if h.age >= age * 0.8] if here else []
    return Fault(
        object=ObjectRef("database", name),
        message=f"the oldest row of the database {name} is {age:,} {counter.plural} old, "
        f"{age / LIMIT:.2%} of what there is; autovacuum should step in at {start:,}",
        evidence={
            "age": age,
            "limit": LIMIT,
            counter.setting: start,
            "oldest_tables": _oldest(counter, catalog, statistics) if here else None,
            "held_back_by": [holder.text for holder in held],
        },
        severity=severity,
        fix=Fix(
            up="VACUUM;",
            down="",
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            scans=True,
            transactional=False,
            risk="reads and writes much; not VACUUM FULL, and not in single-user mode",
        )
        if here and not catalog.server.in_recovery
        else None,
        advice=_advice(catalog, database, held[0].text if held else "", here),
    )


def _advice(catalog: Catalog, database: DatabaseStatistics, holder: str, here: bool) -> str:
    if catalog.server.in_recovery:
        return "Run VACUUM in that database on the primary."
    if holder:
        return f"First end {holder}: vacuum can't get past it."
    if here:
        return "Find out why autovacuum does not finish: cancelled, too slow, an error in the log."
    known = next((d for d in catalog.databases if d.name == database.name), None)
    if known is not None and not known.allows_connections:
        return "Nobody can connect to it, so only autovacuum can do it: see that it runs."
    return "Connect to it and run VACUUM."


def _oldest(counter: Counter, catalog: Catalog, statistics: Statistics) -> list[str]:
    """Catalog tables are not among them: they are read for users' tables only."""
    ages = [
        (age, relation.qualified)
        for relation in stored(catalog)
        if (counted := statistics.of(relation)) is not None
        and (age := counter.of(counted)) is not None
    ]
    return [f"{name}: {age:,}" for age, name in sorted(ages, key=_older)[:OLDEST]]


def _older(one: tuple[int, str]) -> tuple[int, str]:
    return -one[0], one[1]

"""Updates that could be heap-only are not, for want of room on the page.

## What it finds

A table with at least `min_updates` updates, of which far fewer are heap-only (HOT) than could be:
by the workload's UPDATE statements most of them change no indexed column, and its `fillfactor`
leaves no room on the pages. Where they do change an indexed column, the index that costs HOT is
named instead, and `fillfactor` is not touched. Partitions are reported together.

## Why it matters

An update that is not heap-only puts a new entry into every index of the table and leaves the old
ones for vacuum: several times the writes, and indexes that grow.

## How to fix

Leave room for one more version of a row on each page, or for as many as are updated there while an
older transaction may still see the old ones. It is worked out from the width of the rows and from
how often they are updated.

It counts for pages that are written from now on. Old pages get it only when the table is rewritten:
VACUUM FULL blocks all access while it does, pg_repack does not.

## When to ignore

Each row is updated once, long after it was written: then the room stays empty, and the table is
larger for nothing.

## Sources

- PostgreSQL manual, Heap-Only Tuples (HOT); CREATE TABLE, Storage Parameters: fillfactor.
- Release notes of 16: HOT updates if only BRIN-indexed columns change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.model.autovacuum import Stored, grouped
from dbwright.model.catalog import Table
from dbwright.model.finding import Confidence, Evidence, Fix, LockMode, Severity
from dbwright.model.report import Skipped
from dbwright.sql.storage_parameters import change_options
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.fillfactor import HotShare, hot_share, room_for
from dbwright.tune.settings.window import counting_days, counting_since

ID = "tune/fillfactor-for-hot-updates"
CARTS = """
CREATE TABLE carts (id bigint PRIMARY KEY, items int, note text);
INSERT INTO carts SELECT n, 0, repeat('x', 50) FROM generate_series(1, 3000) n;
CREATE INDEX ON carts (note);
SELECT pg_stat_reset();
UPDATE carts SET items = 1;
SELECT pg_stat_force_next_flush();
"""
THRESHOLDS = {"min_updates": 1000}
MANY_HOT = 0.8
"""Of the updates: with more it is fine."""

BAD = AdvisorExample(
    CARTS,
    "-- calls: 3000\nUPDATE carts SET items = items + 1 WHERE id = 7;",
    oldest=15,
    thresholds=THRESHOLDS,
    objects=("public.carts",),
)
GOOD = AdvisorExample(
    CARTS.replace("note text)", "note text) WITH (fillfactor = 45)"),
    "-- calls: 3000\nUPDATE carts SET items = items + 1 WHERE id = 7;",
    oldest=15,
    thresholds=THRESHOLDS,
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def fillfactor_for_hot_updates(
    bench: Workbench,
    *,
    min_updates: Annotated[int, "fewer updates don't matter"] = 100_000,
    min_lost: Annotated[float, "share of the updates that could be heap-only and are not"] = 0.2,
) -> Iterator[Advice | Skipped]:
    if bench.snapshot.catalog.server.in_recovery:  # a standby counts nothing of it
        return
    shares: dict[int, HotShare] = {}
    unknown: list[str] = []
    poor = [table for table in bench.snapshot.catalog.tables if _is_poor(bench, table, min_updates)]
    for table in poor:
        share = hot_share(bench, table)
        if share is None:
            unknown.append(table.qualified)
        else:
            shares[table.oid] = share
    known = [table for table in poor if table.oid in shares]
    for top, members in grouped(bench.snapshot.catalog, known):
        group = [(m, shares[m.oid]) for m in members if isinstance(m, Table)]
        yield from _advice(bench, top, group, min_lost)
    if unknown:
        yield Skipped(
            ID,
            "few of their updates are heap-only, and which columns they change is not known: the "
            "workload has no UPDATE of them",
            "give a workload that holds the UPDATE statements",
            tuple(unknown),
            (ID,),
        )


def _is_poor(bench: Workbench, table: Table, min_updates: int) -> bool:
    counted = bench.statistics.of(table)
    if counted is None or counted.updated < min_updates or not table.stores_rows:
        return False
    # Without indexes nothing is lost.
    return bool(table.indexes) and counted.hot_updated < MANY_HOT * counted.updated


def _advice(
    bench: Workbench, top: Stored, group: Sequence[tuple[Table, HotShare]], min_lost: float
) -> Iterator[Advice]:
    updated = sum(share.updated for _, share in group)
    hot = sum(share.hot for _, share in group) / updated
    possible = sum(share.possible * share.updated for _, share in group) / updated
    blocking = tuple(dict.fromkeys(name for _, share in group for name in share.blocking))
    columns = sorted({column for _, share in group for column in share.columns})
    since = counting_since(bench.statistics)
    evidence: Evidence = {
        "updates": updated,
        "hot_share": round(hot, 3),
        "hot_share_possible": round(possible, 3),
        "updated_columns": columns,
        "blocked_by": list(blocking),
        "counted_since": f"{since:%Y-%m-%d}" if since else None,
        "tables": [table.qualified for table, _ in group],
    }
    head = f"{hot:.0%} of {updated:,} updates of {top.qualified} were heap-only"
    if possible - hot >= min_lost:
        yield from _with_room(bench, top, [table for table, _ in group], head, possible, evidence)
    elif blocking:
        names = ", ".join(blocking)
        yield Advice(
            object=top.ref,
            message=f"{head}, and hardly more can be: they change columns of {names}",
            evidence=evidence,
            advice=f"Ask whether {names} is worth it: every update that changes its columns "
            "writes to all indexes of the table. No fillfactor helps there.",
            detail="index",
        )


def _with_room(
    bench: Workbench,
    top: Stored,
    tables: Sequence[Table],
    head: str,
    possible: float,
    evidence: Evidence,
) -> Iterator[Advice]:
    statistics = bench.statistics
    days = counting_days(statistics)
    rooms = [(t, room) for t in tables if (room := room_for(statistics, t, days)) is not None]
    if not rooms:
        return
    fixes = [change_options(t, {"fillfactor": str(r.fillfactor)}) for t, r in rooms]
    worst = min((room for _, room in rooms), key=lambda room: room.fillfactor)
    grows = [room.growth_bytes for _, room in rooms if room.growth_bytes is not None]
    yield Advice(
        object=top.ref,
        message=f"{head}, and {possible:.0%} change no indexed column: "
        f"the pages are filled to {worst.now}%, which leaves no room for a new version",
        evidence={
            **evidence,
            "row_bytes": worst.row_bytes,
            "updates_per_row_per_day": None
            if worst.updates_per_row_per_day is None
            else round(worst.updates_per_row_per_day, 3),
            "fillfactor": worst.fillfactor,
            "table_grows_by_share": round(worst.growth, 3),
            "table_grows_by_bytes": sum(grows) if grows else None,
        },
        fix=Fix(
            up="\n".join(fix.up for fix in fixes),
            down="\n".join(fix.down for fix in fixes),
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            risk=f"the table grows by {worst.growth:.0%} as its pages are written anew",
        ),
        advice="It counts for pages that are written from now on. For the old ones the table must "
        "be rewritten: VACUUM FULL blocks all access meanwhile, pg_repack does not.",
    )

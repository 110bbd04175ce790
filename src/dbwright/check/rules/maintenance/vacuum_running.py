"""A vacuum is running on a large table.

## What it finds

Each vacuum of a large table of this database that runs at this moment: how far it is, how often it
had to read the indexes, whether it waits for a page that somebody holds, and what keeps it from
removing rows.

## Why it matters

It explains the reads and writes of the moment, and its lock makes ALTER TABLE and CREATE INDEX
wait; one that can't remove anything will run again and again.

## How to fix

Let it finish. If it reads the indexes several times, give it more memory (`maintenance_work_mem`,
`autovacuum_work_mem`); if it waits for a page, close the cursor that stands on it.

## When to ignore

Always, if it comes to its end.

## Sources

- PostgreSQL manual, VACUUM Progress Reporting; Memory: maintenance_work_mem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._horizon import holders
from dbwright.check.rules.maintenance._storage import Stored, stored
from dbwright.model.activity import Activity, VacuumProgress
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity

TABLE = """
CREATE TABLE jobs (id bigint PRIMARY KEY) WITH (autovacuum_enabled = off);
INSERT INTO jobs SELECT n FROM generate_series(1, 1000) n;
"""

BAD = Example(
    TABLE,
    sessions=(
        "BEGIN; DECLARE c CURSOR FOR SELECT * FROM jobs; FETCH 1 FROM c;",
        "VACUUM (FREEZE) jobs;",  # must wait for the page on which the cursor stands
    ),
    options={"min_bytes": 0},
    objects=("public.jobs",),
    fix_mends=False,
)

GOOD = Example(TABLE + "VACUUM (FREEZE) jobs;", options={"min_bytes": 0})

HELD_BACK = 1_000_000
"""Transactions; a younger snapshot does not matter."""


@rule(severity=Severity.NOTICE, needs=("activity.vacuums",), bad=BAD, good=GOOD)
def vacuum_running(
    catalog: Catalog,
    activity: Activity,
    *,
    min_bytes: Annotated[int, "smaller tables are not told"] = 1_000_000_000,
) -> Iterator[Fault]:
    relations: dict[str, Stored] = {}
    if activity.vacuums:
        relations = {relation.qualified: relation for relation in stored(catalog)}
    for vacuum in activity.vacuums:
        size_bytes = vacuum.heap_blocks_total * catalog.server.block_size
        if vacuum.table is None or size_bytes < min_bytes:
            continue
        relation = relations.get(vacuum.table)
        yield _fault(
            catalog, activity, vacuum, relation.ref if relation else None, vacuum.table, size_bytes
        )


def _fault(
    catalog: Catalog,
    activity: Activity,
    vacuum: VacuumProgress,
    ref: ObjectRef | None,
    table: str,
    size_bytes: int,
) -> Fault:
    session = activity.session(vacuum.pid)
    waits = session is not None and session.wait_event_type == "BufferPin"
    scanned = vacuum.heap_blocks_scanned / max(vacuum.heap_blocks_total, 1)
    old = [holder for holder in holders(catalog, activity) if holder.age >= HELD_BACK]
    advice = ["Let it finish."]
    if waits:
        advice.append("It waits for a page on which somebody's cursor or query stands.")
    if vacuum.index_vacuum_count > 1:
        advice.append("Give it more memory: every pass over the indexes is one too many.")
    if old:
        advice.append(f"It can't remove what {old[0].text} may still see.")
    return Fault(
        object=ref or ObjectRef("table", table),
        message=f"{_who(session.kind if session else '', session.query if session else None)} "
        f"vacuums {table}: {vacuum.phase}, {scanned:.0%} of the table read"
        + (f", {vacuum.index_vacuum_count} passes over the indexes" if not waits else ", waiting"),
        evidence={
            "pid": vacuum.pid,
            "phase": vacuum.phase,
            "table_bytes": size_bytes,
            "pages": vacuum.heap_blocks_total,
            "pages_read": vacuum.heap_blocks_scanned,
            "index_passes": vacuum.index_vacuum_count,
            "waits_for": session.wait_event_type if session else None,
            "held_back_by": [holder.text for holder in old],
        },
        advice=" ".join(advice),
    )


def _who(kind: str, query: str | None) -> str:
    if kind != "autovacuum worker":
        return "somebody"
    urgent = "to prevent wraparound" in (query or "")
    return "autovacuum (to prevent wraparound)" if urgent else "autovacuum"

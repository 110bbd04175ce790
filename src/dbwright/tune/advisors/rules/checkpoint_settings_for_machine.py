"""The write-ahead log has too little room, so its size calls checkpoints.

## What it finds

`max_wal_size` and `min_wal_size` below what is right for what the server is used for, or below
three times what it writes in one `checkpoint_timeout` where most checkpoints were requested;
`checkpoint_completion_target` below 0.9; `wal_buffers` set by hand to less than a segment.

## Why it matters

After a checkpoint each page that changes is written to the log as a whole. Checkpoints that come
too often multiply the log, and their writes come in waves that slow queries down.

## How to fix

Set what is given, so that time decides when a checkpoint comes. Where it does already, and enough
checkpoints were counted, `max_wal_size` is left alone.

## When to ignore

There is no disk space for that much log, or recovery after a crash must be very short.

## Sources

- PostgreSQL manual, WAL Configuration; Write Ahead Log: wal_buffers, max_wal_size.
- pgtune (le0pard/pgtune): sizes by use.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.finding import Confidence, Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.finding import machine_of, settings_advice
from dbwright.tune.settings.proposal import Proposals
from dbwright.tune.settings.wal import wal_proposals

MACHINE = Machine(16 * 1024**3, 8, Disk.SSD, Use.OLTP)

BAD = AdvisorExample(
    "CREATE TABLE orders (id bigint PRIMARY KEY);",
    machine=MACHINE,
    settings={
        "max_wal_size": "1GB",
        "min_wal_size": "80MB",
        "checkpoint_completion_target": "0.5",
        "wal_buffers": "1MB",
    },
    objects=("write-ahead log",),
)
GOOD = AdvisorExample(
    "CREATE TABLE orders (id bigint PRIMARY KEY);",
    machine=MACHINE,
    settings={
        "max_wal_size": "8GB",
        "min_wal_size": "2GB",
        "checkpoint_completion_target": "0.9",
    },
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def checkpoint_settings_for_machine(bench: Workbench) -> Iterator[Advice | Skipped]:
    catalog, statistics = bench.snapshot.catalog, bench.statistics
    found = wal_proposals(catalog, machine_of(bench), statistics)
    if bench.machine is None:
        # What it is used for is not known: then only what was counted says something.
        counted = tuple(proposal for proposal in found.proposals if proposal.measured)
        found = Proposals(counted, found.left)
    checkpoints = statistics.checkpoints
    yield from settings_advice(
        bench,
        "write-ahead log",
        found,
        # Counters that decided nothing are no evidence, and differ from run to run.
        evidence={
            "requested_checkpoints": checkpoints.requested if checkpoints else None,
            "timed_checkpoints": checkpoints.timed if checkpoints else None,
            "wal_bytes": statistics.wal_bytes,
        }
        if any(proposal.measured for proposal in found.proposals)
        else {},
        risk="pg_wal grows up to max_wal_size: it needs that much room on its disk, and recovery "
        "after a crash takes longer",
    )

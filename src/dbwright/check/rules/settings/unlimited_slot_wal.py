"""A replication slot may fill the disk.

## What it finds

`max_slot_wal_keep_size = -1` (no limit) on a server that has replication slots. PostgreSQL 13 and
later.

## Why it matters

A slot whose standby or subscriber is gone keeps all log from then on; when the disk is full the
server stops, for everybody.

## How to fix

Set a limit that the disk surely holds and that covers the longest time a standby may be away. A
slot that falls further behind is given up, and its standby must be made anew.

## When to ignore

The size of pg_wal is watched and somebody acts in time. With `idle_replication_slot_timeout`
(PostgreSQL 18) abandoned slots end by themselves: then it is a notice.

## Sources

- PostgreSQL manual, Sending Servers: max_slot_wal_keep_size; Replication Slots.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import (
    server_wide,
    size_bytes,
    size_text,
    wrong_setting,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

SLOT = "SELECT pg_create_physical_replication_slot('standby_1');"

BAD = Example(SLOT, own_server=True, oldest=13, objects=("max_slot_wal_keep_size",))
GOOD = (
    Example(SLOT, settings={"max_slot_wal_keep_size": "16GB"}, oldest=13),
    Example("-- No slot, no harm.", settings={"max_slot_wal_keep_size": "-1"}, oldest=13),
)

GB = 1024**3
LEAST = 16 * GB
TIMES_MAX_WAL_SIZE = 4


@rule(
    severity=Severity.WARNING,
    needs=("catalog.settings", "catalog.slots"),
    bad=BAD,
    good=GOOD,
)
def unlimited_slot_wal(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "max_slot_wal_keep_size")
    slots = [slot for slot in catalog.slots if not slot.temporary]
    if setting is None or setting.value != "-1" or not slots:
        return
    largest = catalog.setting("max_wal_size")
    limit = max(LEAST, TIMES_MAX_WAL_SIZE * size_bytes(largest) if largest else 0)
    idle = catalog.setting("idle_replication_slot_timeout")
    ends = idle is not None and idle.value != "0"
    yield wrong_setting(
        catalog,
        setting,
        f"{len(slots)} replication slot{'s' if len(slots) > 1 else ''} may keep log until the disk "
        "is full: max_slot_wal_keep_size is -1",
        should_be=size_text(-(-limit // GB) * GB),
        evidence={"slots": len(slots)},
        severity=Severity.NOTICE if ends else None,
        risk="take a limit that fits the disk; a slot further behind than that is lost at the next "
        "checkpoint, and its standby or subscription must be made anew",
    )

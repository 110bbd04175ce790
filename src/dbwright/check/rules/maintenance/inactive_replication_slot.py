"""A replication slot is not in use, and the server keeps everything for it.

## What it finds

A slot without a consumer that holds back much write-ahead log or old rows, that has lost its place
already, or that nobody has used for a day (the last needs PostgreSQL 17).

## Why it matters

The server keeps all write-ahead log from the slot's position on until the disk is full, and then
it stops; a slot with an xmin also keeps vacuum from removing dead rows.

## How to fix

Bring its consumer back, or drop the slot. Limit what a slot may keep with
`max_slot_wal_keep_size`.

## When to ignore

Its consumer is down for maintenance, and there is room until it is back.

## Sources

- PostgreSQL manual, Replication Slots; pg_replication_slots; Sending Servers:
  max_slot_wal_keep_size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import day
from dbwright.model.catalog import Catalog, Slot
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import literal, quote

BAD = Example(
    "SELECT pg_create_physical_replication_slot('old_standby', true);",
    own_server=True,
    options={"min_retained_bytes": 0},
    objects=("old_standby",),
)

GOOD = (
    Example(
        "SELECT pg_create_physical_replication_slot('reserves_nothing_yet', false);",
        own_server=True,
        options={"min_retained_bytes": 0},
    ),
    Example("SELECT pg_create_physical_replication_slot('standby', true);", own_server=True),
)


@rule(severity=Severity.WARNING, needs=("catalog.slots",), bad=BAD, good=GOOD)
def inactive_replication_slot(
    catalog: Catalog,
    *,
    min_retained_bytes: Annotated[int, "how much log it must hold back"] = 1_000_000_000,
    error_retained_bytes: Annotated[int, "without a limit, from here an error"] = 10_000_000_000,
    min_transactions: Annotated[int, "or for how many transactions dead rows"] = 5_000_000,
    min_days: Annotated[float, "or how long it is not in use (a notice)"] = 1.0,
) -> Iterator[Fault]:
    limit = catalog.setting("max_slot_wal_keep_size")
    unlimited = limit is None or limit.value == "-1"
    for slot in catalog.slots:
        # On a standby, logical slots may be copies of the primary's, which nobody uses there.
        if slot.active or slot.temporary or (catalog.server.in_recovery and slot.kind == "logical"):
            continue
        retained = slot.retained_bytes
        age = max(slot.xmin_age or 0, slot.catalog_xmin_age or 0)
        name, severity = quote(slot.name), None
        if slot.wal_status == "lost":
            message = f"the slot {name} has lost its log and can't be used any more"
        elif age >= min_transactions:
            message = f"the unused slot {name} holds back vacuum for {age:,} transactions"
        elif retained is not None and retained >= min_retained_bytes:
            message = f"the unused slot {name} holds back {_size(retained)} of log"
            if unlimited and retained >= error_retained_bytes:
                severity = Severity.ERROR
        elif _days(catalog, slot) >= min_days and (retained is not None or age):
            message = f"the slot {name} is not in use since {day(slot.inactive_since)}"
            severity = Severity.NOTICE
        else:
            continue
        yield Fault(
            object=slot.ref,
            message=message,
            evidence={
                "kind": slot.kind,
                "database": slot.database,
                "retained_bytes": retained,
                "safe_wal_bytes": slot.safe_wal_bytes,
                "wal_status": slot.wal_status,
                "xmin_age": slot.xmin_age,
                "catalog_xmin_age": slot.catalog_xmin_age,
                "inactive_since": day(slot.inactive_since),
            },
            severity=severity,
            fix=Fix(
                up=f"SELECT pg_drop_replication_slot({literal(slot.name)});",
                down="",
                risk="its consumer must be built anew: a slot can't be made again at its place",
            ),
            advice="Bring back whoever reads from it, or drop it.",
        )


def _days(catalog: Catalog, slot: Slot) -> float:
    if slot.inactive_since is None:
        return 0.0
    return (catalog.captured_at - slot.inactive_since).total_seconds() / 86400


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"

"""The write-ahead log goes nowhere but to this server's disk.

## What it finds

A primary that archives no log (`archive_mode` is off, or its command does nothing), and has no
standby, no physical replication slot and nothing that receives its log. Apart from that, as an
error: `archive_mode` is on and there is no command, so that the log piles up.

## Why it matters

If the disk is lost, everything since the last dump or snapshot is lost; and without the log
nothing can be restored to the moment before a mistake.

## How to fix

Let a backup program (pgBackRest, WAL-G, Barman) archive the log: `archive_mode` needs a restart,
the command doesn't.

## When to ignore

The disk is copied as a whole often enough for the business, or the data can be had again. Cloud
services that back up by themselves are left out.

## Sources

- PostgreSQL manual, Continuous Archiving and Point-in-Time Recovery.
- PostgreSQL manual, Archiving: archive_command.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import managed_by
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity

BAD = (
    Example(settings={"archive_mode": "off"}, objects=("archive_mode",), fix_mends=False),
    Example(
        settings={"archive_mode": "on", "archive_command": ""},
        objects=("archive_mode",),
        fix_mends=False,
    ),
)
GOOD = (
    Example("SELECT pg_create_physical_replication_slot('standby_1');", own_server=True),
    Example(
        settings={
            "archive_mode": "on",
            "archive_command": "pgbackrest --stanza=shop archive-push %p",
        }
    ),
)

DOES_NOTHING = frozenset((":", "/bin/true", "/usr/bin/true", "cd .", "exit 0", "true"))
NEXT_STEP = "Set up a backup program that archives the log, and restore from it once."


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings", "catalog.slots", "activity.standbys"),
    bad=BAD,
    good=GOOD,
)
def no_wal_archive(catalog: Catalog, activity: Activity) -> Iterator[Fault]:
    mode = catalog.setting("archive_mode")
    if mode is None or catalog.server.in_recovery or managed_by(catalog) is not None:
        return
    command = catalog.setting("archive_command")
    library = catalog.setting("archive_library")
    by_library = library is not None and library.value != ""
    text = command.value.strip() if command is not None else None
    if mode.value != "off":
        if text is None or by_library or (text and text not in DOES_NOTHING):
            return
        if not text:
            yield Fault(
                object=mode.ref,
                message="archive_mode is on and there is no archive_command: the log piles up "
                "until the disk is full",
                evidence={"archive_mode": mode.value, "archive_command": ""},
                severity=Severity.ERROR,
                confidence=Confidence.HIGH,
                advice="Set archive_command (a reload is enough), or switch archive_mode off.",
            )
            return
    if _is_received(catalog, activity):
        return
    yield Fault(
        object=mode.ref,
        message="the log is not archived and goes to no standby: a lost disk loses everything "
        "since the last backup",
        evidence={"archive_mode": mode.value, "standbys": 0, "physical_slots": 0},
        advice=NEXT_STEP,
    )


def _is_received(catalog: Catalog, activity: Activity) -> bool:
    """Does somebody take the whole log? (A logical subscriber doesn't.)"""
    logical = sum(slot.kind == "logical" and slot.active for slot in catalog.slots)
    physical = any(slot.kind == "physical" for slot in catalog.slots)
    return physical or len(activity.standbys) > logical

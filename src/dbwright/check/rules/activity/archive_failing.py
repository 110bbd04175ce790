"""The write-ahead log can't be archived.

## What it finds

That the archiver's last attempt failed, or that archiving is switched on and has no command and no
library to do it with.

## Why it matters

The server keeps every segment until it is archived: `pg_wal` grows until the disk is full and the
server stops. And a restore to any moment since the last success is not possible.

## How to fix

The server's log has the command's own words. Mend the command, the credentials or the space at the
other end; the archiver goes on by itself. Look at the room in `pg_wal` first.

## When to ignore

Archiving is paused on purpose for a short time (`archive_command = ''`), and there is room.

## Sources

- PostgreSQL manual, Setting Up WAL Archiving; Archiving: archive_command;
  pg_stat_archiver.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.statistics import ArchiverStatistics, Statistics

UNTIL_TRIED = """
SELECT pg_switch_wal();
DO $$ BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN (SELECT failed_count + archived_count FROM pg_stat_archiver) > 0;
        PERFORM pg_sleep(0.05);
    END LOOP;
END $$;
"""
WRITE = "CREATE TABLE events (id bigint);"

BAD = (
    Example(
        WRITE + UNTIL_TRIED,
        settings={"archive_mode": "on", "archive_command": "false"},
        objects=("archiver",),
        fix_mends=False,
    ),
    Example(
        settings={"archive_mode": "on", "archive_command": ""},
        objects=("archive_command",),
        fix_mends=False,
    ),
)

GOOD = (
    Example(WRITE + UNTIL_TRIED, settings={"archive_mode": "on", "archive_command": "true"}),
    Example(settings={"archive_mode": "off", "archive_command": ""}),
)


@rule(
    severity=Severity.CRITICAL,
    needs=("statistics.archiver", "catalog.settings"),
    bad=BAD,
    good=GOOD,
)
def archive_failing(catalog: Catalog, statistics: Statistics) -> Iterator[Fault]:
    mode, command = catalog.setting("archive_mode"), catalog.setting("archive_command")
    counted = statistics.archiver
    if mode is None or mode.value == "off":
        return
    if catalog.server.in_recovery and mode.value != "always":
        return  # a standby then archives nothing
    library = catalog.setting("archive_library")  # PostgreSQL 15 and later
    nothing = command is not None and not command.value and (library is None or not library.value)
    if nothing and (library is not None or catalog.server.major < 15) and command is not None:
        yield Fault(
            object=command.ref,
            message=f"archive_mode is {mode.value}, and no command archives the write-ahead log: "
            "it is kept until the disk is full",
            evidence={
                "archive_mode": mode.value,
                "archived": counted.archived if counted else None,
            },
            severity=Severity.ERROR,
            advice="Set archive_command or archive_library; where no archive is wanted, set "
            "archive_mode = off and restart.",
        )
    elif counted is not None and _fails(counted):
        yield _failure(counted)


def _fails(counted: ArchiverStatistics) -> bool:
    if counted.last_failed_at is None:
        return False
    return counted.last_archived_at is None or counted.last_failed_at > counted.last_archived_at


def _failure(counted: ArchiverStatistics) -> Fault:
    success = counted.last_archived_at
    last = f"the last success was at {success:%Y-%m-%d %H:%M}" if success else "it never succeeded"
    return Fault(
        object=ObjectRef("process", "archiver"),
        message=f"the archiver fails at {counted.last_failed_file}; {last} (UTC)"
        if success
        else f"the archiver fails at {counted.last_failed_file}; {last}",
        evidence={
            "failed": counted.failed,
            "archived": counted.archived,
            "last_failed_at": str(counted.last_failed_at),
            "last_archived_at": str(success) if success else None,
            "last_failed_file": counted.last_failed_file,
        },
        advice="Read the command's error in the server's log, and watch the room in pg_wal until "
        "it is mended.",
    )

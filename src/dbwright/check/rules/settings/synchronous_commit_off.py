"""synchronous_commit is off for everybody.

## What it finds

`synchronous_commit = off` for the whole server: COMMIT answers before the transaction is on disk.

## Why it matters

After a crash the last transactions are gone although the application was told that they are
committed: up to three times `wal_writer_delay`, by default 0.6 seconds. Nothing is corrupted.

## How to fix

Switch it on for the server, and off only where losing the last moments does no harm: in the
transaction (`SET LOCAL synchronous_commit = off`), or for a role that writes such data.

## When to ignore

Everything the server holds can be had again: events, caches, measurements.

## Sources

- PostgreSQL manual, Write Ahead Log, Settings: synchronous_commit.
- PostgreSQL manual, Reliability and the Write-Ahead Log: Asynchronous Commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import seconds, server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"synchronous_commit": "off"}, objects=("synchronous_commit",))
GOOD = Example(settings={"synchronous_commit": "on"})

LOST_DELAYS = 3
"""The manual: at most so many times wal_writer_delay may be lost."""


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def synchronous_commit_off(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "synchronous_commit")
    if setting is None or setting.value != "off":
        return
    delay = catalog.setting("wal_writer_delay")
    lost = round(LOST_DELAYS * seconds(delay), 3) if delay else None
    yield wrong_setting(
        catalog,
        setting,
        "synchronous_commit is off for everybody: a crash loses "
        + (f"up to {lost:g} s of" if lost else "the last")
        + " committed transactions",
        should_be="on",
        evidence={"lost_seconds": lost},
        risk="each COMMIT waits for the disk again",
    )

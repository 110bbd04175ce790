"""full_page_writes is off.

## What it finds

`full_page_writes = off`: after a checkpoint, the first change of a page does not write the whole
page to the write-ahead log.

## Why it matters

A crash of the machine in the middle of a page write leaves half of the old page and half of the
new one; without the whole page in the log, recovery can't repair it, and may not even notice.

## How to fix

Switch it on; a reload is enough. `wal_compression` takes back much of the space it costs.

## When to ignore

The storage can't tear pages: a file system that never overwrites in place (ZFS), or hardware that
guarantees whole 8 kB writes. Services that keep pages outside of the server (Aurora, AlloyDB,
Neon) are left out.

## Sources

- PostgreSQL manual, Write Ahead Log, Settings: full_page_writes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import (
    keeps_files_elsewhere,
    server_wide,
    wrong_setting,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"full_page_writes": "off"}, objects=("full_page_writes",))
GOOD = Example(settings={"full_page_writes": "on"})


@rule(severity=Severity.ERROR, needs=("catalog.settings",), bad=BAD, good=GOOD)
def full_page_writes_off(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "full_page_writes")
    if setting is None or setting.value != "off" or keeps_files_elsewhere(catalog):
        return
    yield wrong_setting(
        catalog,
        setting,
        "full_page_writes is off: a page that a crash tears in two can't be repaired",
        should_be="on",
        risk="more write-ahead log is written after each checkpoint",
    )

"""fsync is off.

## What it finds

`fsync = off`: the server doesn't wait until the write-ahead log is on disk.

## Why it matters

After a crash of the operating system or a loss of power the whole cluster may be beyond repair,
not only the last transactions.

## How to fix

Switch it on; a reload is enough. The first checkpoint after that makes the files safe.

## When to ignore

On servers whose data can be thrown away: tests, CI, a first bulk load before going live. Services
that keep pages outside of the server (Aurora, AlloyDB, Neon) are left out.

## Sources

- PostgreSQL manual, Write Ahead Log, Settings: fsync.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import keeps_files_elsewhere, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"fsync": "off"}, objects=("fsync",))
GOOD = Example(settings={"fsync": "on"})


@rule(severity=Severity.CRITICAL, needs=("catalog.settings",), bad=BAD, good=GOOD)
def fsync_off(catalog: Catalog) -> Iterator[Fault]:
    setting = catalog.setting("fsync")
    if setting is None or setting.value != "off" or keeps_files_elsewhere(catalog):
        return
    yield wrong_setting(
        catalog,
        setting,
        "fsync is off: a crash of the machine may destroy the whole cluster",
        should_be="on",
    )

"""The server doesn't count what happens to its tables.

## What it finds

`track_counts = off` for the whole server.

## Why it matters

Autovacuum decides by these counts: without them it does nothing, even if it is on, except against
transaction id wraparound.

## How to fix

Switch it on; a reload is enough.

## When to ignore

Never on a server that is written to.

## Sources

- PostgreSQL manual, Cumulative Query and Index Statistics: track_counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"track_counts": "off"}, objects=("track_counts",))
GOOD = Example(settings={"track_counts": "on"})


@rule(severity=Severity.ERROR, needs=("catalog.settings",), bad=BAD, good=GOOD)
def track_counts_off(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "track_counts")
    if setting is not None and setting.value == "off":
        yield wrong_setting(
            catalog,
            setting,
            "track_counts is off: autovacuum does not see which tables need it",
            should_be="on",
        )

"""Autovacuum is off.

## What it finds

`autovacuum = off` for the whole server.

## Why it matters

Dead rows pile up in every table and index, statistics go stale, and sooner or later a vacuum
against transaction id wraparound, which can't be switched off, comes at the worst moment.

## How to fix

Switch it on; a reload is enough. If it disturbed, make it gentler (`autovacuum_vacuum_cost_delay`)
or switch it off for one table for the time of a load.

## When to ignore

A server that is never written to, or whose every table is vacuumed by a job that somebody watches.

## Sources

- PostgreSQL manual, The Autovacuum Daemon; Vacuuming: autovacuum.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"autovacuum": "off"}, objects=("autovacuum",))
GOOD = Example(settings={"autovacuum": "on"})


@rule(severity=Severity.ERROR, needs=("catalog.settings",), bad=BAD, good=GOOD)
def autovacuum_off(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "autovacuum")
    if setting is not None and setting.value == "off":
        yield wrong_setting(
            catalog,
            setting,
            "autovacuum is off: dead rows pile up and statistics go stale in every table",
            should_be="on",
            risk="much may be waiting to be vacuumed: do it in a quiet hour",
        )

"""Data pages have no check sums.

## What it finds

A cluster that was made without check sums of its data pages (the default of initdb before
PostgreSQL 18), once it holds more than `min_bytes`.

## Why it matters

A page that the disk, the controller or the memory damaged is read as if nothing were wrong; the
damage is noticed by wrong answers, long after the last good backup was thrown away.

## How to fix

Stop the server and run `pg_checksums --enable` (it reads and writes every page), or build a
standby with check sums by logical replication and switch over.

## When to ignore

The file system checks every block itself (ZFS, btrfs), or the data can be had again.

## Sources

- PostgreSQL manual, Reliability and the Write-Ahead Log: Data Checksums; pg_checksums.
- PostgreSQL 18 release notes: initdb enables data checksums by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import keeps_files_elsewhere, managed_by
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

BAD = Example(options={"min_bytes": 0}, objects=("data_checksums",), fix_mends=False)
GOOD = Example("-- A cluster this small is made again in no time.")


@rule(
    severity=Severity.WARNING,
    needs=("catalog.settings", "statistics.databases"),
    bad=BAD,
    good=GOOD,
)
def data_checksums_off(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_bytes: Annotated[int, "clusters with less data are left alone"] = 1_000_000_000,
) -> Iterator[Fault]:
    setting = catalog.setting("data_checksums")
    if setting is None or setting.value != "off" or keeps_files_elsewhere(catalog):
        return
    size = sum(database.bytes or 0 for database in statistics.databases)
    if size < min_bytes:
        return
    managed = managed_by(catalog) is not None
    yield Fault(
        object=setting.ref,
        message="data pages have no check sums: damage by disk or memory goes unnoticed",
        evidence={"value": "off", "databases_bytes": size},
        advice="Ask the provider for an instance with check sums."
        if managed
        else "Stop the server in a maintenance window and run pg_checksums --enable; it reads and "
        "writes every page. With standbys, stop all of them and do it on each before any starts.",
    )

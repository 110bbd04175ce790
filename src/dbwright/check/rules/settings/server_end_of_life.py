"""The server's major version gets no more repairs.

## What it finds

A major version whose last minor release is out, or comes within `warn_days` (a notice). The dates
are those of the versioning policy as of 2026-11-23: PostgreSQL 12 ended on 2024-11-21, 13 on
2025-11-13, 14 on 2026-11-12; 15 ends on 2027-11-11, 16 on 2028-11-09, 17 on 2029-11-08, 18 on
2030-11-14.

## Why it matters

Security holes and bugs that damage data are found every few months; from that day on they stay
open, and everybody can read about them in the release notes of the other versions.

## How to fix

Upgrade with `pg_upgrade` (minutes), or by logical replication (seconds of interruption), to a
version with years before it. Try it on a copy first.

## When to ignore

A vendor repairs the version for you longer than the project does.

## Sources

- postgresql.org, Versioning Policy; PostgreSQL manual, Upgrading a PostgreSQL Cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._releases import END_OF_LIFE
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(newest=14, objects=("server_version",), fix_mends=False)
GOOD = Example(oldest=18)


@rule(severity=Severity.ERROR, needs=("catalog.settings",), bad=BAD, good=GOOD)
def server_end_of_life(
    catalog: Catalog,
    *,
    warn_days: Annotated[int, "a notice so many days before"] = 180,
) -> Iterator[Fault]:
    setting = catalog.setting("server_version")
    end = END_OF_LIFE.get(catalog.server.major)
    if setting is None or end is None:
        return
    days = (end - catalog.captured_at.date()).days
    if days > warn_days:
        return
    over = days < 0
    yield Fault(
        object=setting.ref,
        message=f"PostgreSQL {catalog.server.major} "
        + (f"has had no repairs since {end}" if over else f"gets its last repairs on {end}"),
        evidence={"version": catalog.server.version, "end_of_life": end.isoformat()},
        severity=None if over else Severity.NOTICE,
        advice=f"Upgrade to PostgreSQL {max(END_OF_LIFE)} or newer with pg_upgrade or "
        "logical replication; try it on a copy first.",
    )

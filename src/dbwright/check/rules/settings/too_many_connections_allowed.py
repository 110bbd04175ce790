"""The server allows very many connections.

## What it finds

`max_connections` at or above `many` (a notice) or `far_too_many` (a warning; on cloud services,
which set it by the size of the machine, a notice as well).

## Why it matters

Each connection is a process with its own memory, and what a machine can do at once is a small
multiple of its cores: a storm of connections makes every query slow, instead of letting some wait.

## How to fix

Put a pooler (PgBouncer in transaction mode, or the application's own pool) before the server, and
allow some more connections than the pooler opens. On a cluster with standbys lower the value on
the primary first, then on the standbys.

## When to ignore

Most connections are always idle, the server runs PostgreSQL 14 or later, which handles idle ones
well, and has the memory for their caches.

## Sources

- PostgreSQL manual, Connection Settings: max_connections.
- PostgreSQL wiki: Number Of Database Connections.
- PostgreSQL 14 release notes: speed of snapshots with many connections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import managed_by
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity

BAD = Example(settings={"max_connections": "1200"}, objects=("max_connections",), fix_mends=False)
GOOD = Example(settings={"max_connections": "200"})


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings",),
    bad=BAD,
    good=GOOD,
)
def too_many_connections_allowed(
    catalog: Catalog,
    *,
    many: Annotated[int, "so many are a notice"] = 500,
    far_too_many: Annotated[int, "so many are a warning"] = 1000,
) -> Iterator[Fault]:
    setting = catalog.setting("max_connections")
    if setting is None or int(setting.value) < many:
        return
    allowed = int(setting.value)
    cores = catalog.server.cores
    yield Fault(
        object=setting.ref,
        message=f"the server allows {allowed} connections"
        + (f" on {cores} cores" if cores else ""),
        evidence={"max_connections": allowed, "source": setting.source, "cores": cores},
        severity=Severity.NOTICE if allowed < far_too_many or managed_by(catalog) else None,
        advice="Put a pooler before the server, then lower max_connections to a little more than "
        "the pooler opens, and restart.",
    )

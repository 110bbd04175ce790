"""shared_buffers is small for the machine and the data.

## What it finds

`shared_buffers` below `min_share` of the machine's memory, or, where the memory is not known,
still at or below the default of 128 MB, while the databases are several times larger.

## Why it matters

Pages that are used all the time are thrown out and read again, each time through the operating
system; the default is meant to let PostgreSQL start anywhere.

## How to fix

A quarter of the memory is a good start for a machine that serves the database alone. It needs a
restart.

## When to ignore

The machine serves other programs as well, or the part of the data that is used fits.

## Sources

- PostgreSQL manual, Memory: shared_buffers: "a reasonable starting value for
  shared_buffers is 25% of the memory in your system".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import (
    server_wide,
    shown,
    size_bytes,
    size_text,
    wrong_setting,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics

BAD = Example(
    settings={"shared_buffers": "1MB"},
    options={"min_databases_bytes": 0},
    objects=("shared_buffers",),
)
GOOD = Example("-- All databases fit.", settings={"shared_buffers": "128MB"})

MB = 1024**2
GB = 1024**3
DEFAULT = 128 * MB
MORE_THAN_THAT = 16 * GB
"""Beyond this, more is not obviously better, and is left to a test."""


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings", "statistics.databases"),
    bad=BAD,
    good=GOOD,
)
def shared_buffers_small(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_share: Annotated[float, "share of the machine's memory that is enough"] = 0.1,
    times_larger: Annotated[float, "the databases are so many times shared_buffers"] = 4.0,
    min_databases_bytes: Annotated[int, "less data is left alone"] = 2_000_000_000,
) -> Iterator[Fault]:
    setting = server_wide(catalog, "shared_buffers")
    if setting is None:
        return
    buffers = size_bytes(setting)
    databases = sum(database.bytes or 0 for database in statistics.databases)
    if databases < max(min_databases_bytes, times_larger * buffers):
        return
    memory = catalog.server.memory_bytes
    evidence = {"databases_bytes": databases, "memory_bytes": memory}
    message = f"shared_buffers is {shown(setting)} for {databases / MB:,.0f} MB of databases"
    if memory is None:
        if buffers <= DEFAULT:
            yield Fault(
                object=setting.ref,
                message=message,
                evidence={"value": shown(setting), "source": setting.source, **evidence},
                advice="Set shared_buffers to a quarter of the machine's memory, and restart.",
                severity=Severity.NOTICE,
            )
    elif buffers < min(min_share * memory, MORE_THAN_THAT):
        yield wrong_setting(
            catalog,
            setting,
            f"{message} on a machine with {memory / MB:,.0f} MB of memory",
            should_be=_quarter(memory),
            evidence=evidence,
            risk="check that nothing else on the machine needs the memory, and that a container's "
            "own limit is not lower",
        )


def _quarter(memory: int) -> str:
    size = min(memory // 4, MORE_THAN_THAT)
    unit = GB if size >= GB else MB
    return size_text(size // unit * unit)

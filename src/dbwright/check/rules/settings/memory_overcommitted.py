"""All connections at work need more memory than there is.

## What it finds

`shared_buffers`, one `work_mem` for each of `max_connections`, and one `maintenance_work_mem` (or
`autovacuum_work_mem`) for each autovacuum worker add up to more than the machine's memory. Where
the memory is not known, `effective_cache_size` says what its owner believes it to be, if it was
set.

## Why it matters

When enough sessions sort and hash at once, the kernel kills one of the server's processes, and
PostgreSQL restarts with all connections lost.

A query may take `work_mem` several times, once for each sort and hash (and `hash_mem_multiplier`
times as much for a hash), so even the sum is no upper limit.

## How to fix

Lower `work_mem` for the server and raise it for the roles or transactions that need it, or allow
fewer connections, with a pooler before them.

## When to ignore

A pooler keeps the number of active sessions far below `max_connections`. Up to `certain_factor`
times the memory this is a notice only.

## Sources

- PostgreSQL manual, Memory: work_mem; Linux Memory Overcommit.
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
from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Confidence, Severity

BAD = Example(settings={"work_mem": "4GB", "max_connections": "100"}, objects=("work_mem",))
GOOD = Example(settings={"work_mem": "4MB", "max_connections": "100"})

MB = 1024**2
LEAST_WORK_MEM = 4 * MB
CACHE_SHARE = 0.75
"""effective_cache_size is usually set to this share of the memory."""


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings",),
    bad=BAD,
    good=GOOD,
)
def memory_overcommitted(
    catalog: Catalog,
    *,
    certain_factor: Annotated[float, "needing less than so many times it is a notice"] = 2.0,
) -> Iterator[Fault]:
    work_mem = server_wide(catalog, "work_mem")
    connections = catalog.setting("max_connections")
    memory, guessed = _memory(catalog)
    if work_mem is None or connections is None or memory is None:
        return
    sessions = int(connections.value)
    rest = _bytes(catalog, "shared_buffers") + _workers(catalog)
    needed = rest + sessions * size_bytes(work_mem)
    if needed <= memory:
        return
    message = (
        f"{sessions} connections with {shown(work_mem)} of work_mem, shared_buffers and vacuum "
        f"need {needed / MB:,.0f} MB, and there are {'about ' if guessed else ''}"
        f"{memory / MB:,.0f} MB"
    )
    evidence = {"needed_bytes": needed, "memory_bytes": memory, "max_connections": sessions}
    severity = Severity.NOTICE if needed < certain_factor * memory or guessed else None
    fits = (memory - rest) // sessions // MB * MB
    if fits < LEAST_WORK_MEM:
        yield Fault(
            object=work_mem.ref,
            message=message,
            evidence={"value": shown(work_mem), "source": work_mem.source, **evidence},
            severity=severity,
            confidence=Confidence.LOW if guessed else None,
            advice="Allow fewer connections and put a pooler before them; then lower work_mem.",
        )
        return
    yield wrong_setting(
        catalog,
        work_mem,
        message,
        should_be=size_text(fits),
        evidence=evidence,
        severity=severity,
        confidence=Confidence.LOW if guessed else None,
        risk="sorts and hashes that used more go to disk: set it higher for the roles that need it",
    )


def _memory(catalog: Catalog) -> tuple[int | None, bool]:
    """The machine's memory, and whether it was guessed."""
    if catalog.server.memory_bytes is not None:
        return catalog.server.memory_bytes, False
    cache: Setting | None = server_wide(catalog, "effective_cache_size")
    if cache is None or cache.value == cache.default:
        return None, True
    return int(size_bytes(cache) / CACHE_SHARE), True


def _workers(catalog: Catalog) -> int:
    workers = catalog.setting("autovacuum_max_workers")
    own = catalog.setting("autovacuum_work_mem")
    name = "maintenance_work_mem" if own is None or own.value == "-1" else "autovacuum_work_mem"
    return int(workers.value) * _bytes(catalog, name) if workers else 0


def _bytes(catalog: Catalog, name: str) -> int:
    setting = catalog.setting(name)
    return size_bytes(setting) if setting else 0

"""An extension in the database is older than its files.

## What it finds

An installed extension whose version is lower than the one that the server's files would install:
the files were updated, the database was not.

## Why it matters

The new functions and repairs are not there, security repairs in SQL scripts among them; and the
old SQL may call a library that is made for the new one.

## How to fix

ALTER EXTENSION … UPDATE, in each database that has it. There is seldom a way back: take a dump.

## When to ignore

The extension's notes ask for something else first (PostGIS, TimescaleDB: look at theirs).

## Sources

- PostgreSQL manual, ALTER EXTENSION; Packaging Related Objects into an Extension:
  Extension Updates.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot

BAD = Example(
    "CREATE EXTENSION pg_trgm VERSION '1.5';",
    extensions=("pg_trgm",),
    objects=("pg_trgm",),
)
GOOD = Example("CREATE EXTENSION pg_trgm;", extensions=("pg_trgm",))


@rule(severity=Severity.WARNING, needs=("catalog.extensions",), bad=BAD, good=GOOD)
def extension_behind(snapshot: Snapshot) -> Iterator[Fault]:
    if snapshot.from_files:
        return  # the versions are those of the sandbox
    for extension in snapshot.catalog.extensions:
        available = extension.available_version
        if available is None or available == extension.version:
            continue
        old, new = _numbers(extension.version), _numbers(available)
        if old is not None and new is not None and old >= new:
            continue
        yield Fault(
            object=extension.ref,
            message=f"extension {quote(extension.name)} is {extension.version}, its files are "
            f"{available}",
            evidence={"version": extension.version, "available_version": available},
            confidence=None if old and new else Confidence.LOW,
            fix=Fix(
                up=f"ALTER EXTENSION {quote(extension.name)} UPDATE;",
                down="",
                risk="most extensions have no way back: read its notes, and try it on a copy",
            ),
        )


def _numbers(version: str) -> tuple[int, ...] | None:
    """`3.4.2` as numbers; None for a version that is written otherwise."""
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None

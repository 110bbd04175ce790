"""The server lacks minor releases.

## What it finds

A server older than the newest minor release of its major version. The table of releases is of
2026-11-23 (PostgreSQL 18.6, 17.11, 16.15, 15.20, 14.24, 13.23, 12.22); a server that is newer is
never reported, and later releases are not known here. `newest_minor` brings the table up to date.

## Why it matters

Minor releases hold nothing but repairs: of security holes, of lost or damaged data, of crashes.
The project recommends to run the newest one always.

## How to fix

Install the packages and restart; data files stay as they are. Read the release notes of what lies
between: a few ask for a REINDEX.

## When to ignore

Only until the next maintenance window.

## Sources

- postgresql.org, Versioning Policy: "We always recommend that all users run the latest available
  minor release".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._releases import KNOWN_ON, NEWEST_MINOR
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

MAJORS = range(12, 19)

BAD = Example(
    "-- As if x.99 were out.",
    options={"newest_minor": {str(major): 99 for major in MAJORS}},
    objects=("server_version",),
    fix_mends=False,
)
GOOD = Example(
    "-- A server newer than the table.",
    options={"newest_minor": {str(major): 0 for major in MAJORS}},
)


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def server_behind(
    catalog: Catalog,
    *,
    newest_minor: Annotated[
        Mapping[str, int] | None, "newest minor release by major version, over the table"
    ] = None,
    far_behind: Annotated[int, "lacking so many releases is an error"] = 5,
) -> Iterator[Fault]:
    setting = catalog.setting("server_version")
    major, minor = divmod(catalog.server.version_number, 10000)
    newest = (newest_minor or {}).get(str(major), NEWEST_MINOR.get(major))
    if setting is None or newest is None or minor >= newest:
        return
    missing = newest - minor
    yield Fault(
        object=setting.ref,
        message=f"PostgreSQL {catalog.server.version} lacks {missing} minor "
        f"release{'s' if missing > 1 else ''}: at least {major}.{newest} is out",
        evidence={
            "version": catalog.server.version,
            "newest_known": f"{major}.{newest}",
            "known_on": KNOWN_ON.isoformat(),
            "releases_behind": missing,
        },
        severity=Severity.ERROR if missing >= far_behind else None,
        advice=f"Install {major}.{newest} or newer and restart; the data files stay as they are.",
    )

"""The server is told to pass over damaged data.

## What it finds

`zero_damaged_pages`, `ignore_checksum_failure`, `ignore_invalid_pages`, `ignore_system_indexes`
or `data_sync_retry` switched on for the whole server.

## Why it matters

They are tools of rescue: with them the server replaces damaged pages by empty ones, reads what
its check sums say is wrong, or goes on after a failed flush, so that damage spreads unnoticed.

## How to fix

Switch it off. If it was switched on because of damage, rescue the data into a new cluster first,
from a backup or a dump, and find the hardware that caused it.

## When to ignore

During a rescue, on a copy of the damaged cluster. `data_sync_retry` is safe where the operating
system keeps dirty pages after a failed flush; Linux does not.

## Sources

- PostgreSQL manual, Developer Options; Error Handling: data_sync_retry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = (
    Example(
        settings={"zero_damaged_pages": "on", "ignore_checksum_failure": "on"},
        objects=("ignore_checksum_failure", "zero_damaged_pages"),
    ),
    Example(
        settings={"ignore_invalid_pages": "on", "data_sync_retry": "on"},
        oldest=13,
        objects=("data_sync_retry", "ignore_invalid_pages"),
    ),
)
GOOD = Example()

HARM: Mapping[str, tuple[str, Severity | None]] = {
    "data_sync_retry": ("after a failed flush it goes on, and may lose what was written", None),
    "ignore_checksum_failure": ("pages whose check sum is wrong are read and written on", None),
    "ignore_invalid_pages": ("recovery passes over changes of pages that are not there", None),
    "ignore_system_indexes": (
        "system catalogs are read without their indexes",
        Severity.WARNING,
    ),
    "zero_damaged_pages": (
        "damaged pages are replaced by empty ones, and their rows are gone",
        Severity.CRITICAL,
    ),
}


@rule(severity=Severity.ERROR, needs=("catalog.settings",), bad=BAD, good=GOOD)
def damage_ignored(catalog: Catalog) -> Iterator[Fault]:
    for name, (harm, severity) in HARM.items():
        setting = server_wide(catalog, name)
        if setting is not None and setting.value == "on":
            yield wrong_setting(
                catalog,
                setting,
                f"{name} is on: {harm}",
                should_be="off",
                severity=severity,
                risk="statements that touch damaged data fail again, as they should",
            )

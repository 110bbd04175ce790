"""What clients saw of a migration, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from dbwright.migrate.rehearsal.findings import finding
from dbwright.model.finding import Finding, ObjectRef, Severity
from dbwright.model.migration import Migration
from dbwright.model.rehearsal import ClientError, RehearsedRun

__all__ = ["of_clients"]


def of_clients(
    migration: Migration, run: RehearsedRun | None, longest_wait: float
) -> Iterator[Finding]:
    """One finding a table and kind of client. `longest_wait`: seconds that are not worth a word.

    On the way up they are of the version before it, which works on for a while. On the way back
    they are of the version after it, which mostly is gone by then: what they are refused is told by
    the figures alone.
    """
    if run is None:
        return
    way = run.direction.upper()
    refused = run.errors if run.direction == "up" else ()
    for (table, kind), group in groupby(refused, key=_client):
        errors = list(group)
        yield finding(
            "migrate/breaks-clients",
            Severity.WARNING,
            migration,
            f"{way}: clients that {kind} {table} as the version before does are refused: "
            f"{'; '.join(dict.fromkeys(error.message for error in errors))}",
            object=ObjectRef("table", table),
            detail=f"{run.direction}:{kind}",
            evidence={"times": sum(error.times for error in errors)},
            advice="do it in two deployments: first what both versions can work with",
        )
    for wait in run.waits:
        if wait.longest_seconds >= longest_wait:
            yield finding(
                "migrate/blocks-clients",
                Severity.WARNING,
                migration,
                f"{way}: clients that {wait.kind} {wait.table} wait for up to "
                f"{wait.longest_seconds:.1f} s",
                object=ObjectRef("table", wait.table),
                detail=f"{run.direction}:{wait.kind}",
                evidence={"longest_seconds": round(wait.longest_seconds, 3)},
                advice="dbwright migrate plan writes the steps that don't block",
            )


def _client(error: ClientError) -> tuple[str, str]:
    return error.table, error.kind

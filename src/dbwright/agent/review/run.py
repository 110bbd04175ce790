"""The review of changed files, as one report."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from dbwright.agent.review.kinds import Changed
from dbwright.check.check import check
from dbwright.configuration import Configuration
from dbwright.errors import DbwrightError, Interrupted
from dbwright.migrate.lint_ import lint
from dbwright.model.finding import Severity
from dbwright.model.report import Report, Skipped
from dbwright.progress import Progress

__all__ = ["reviewed"]

COMMAND = "agent review"


def reviewed(
    changed: Changed,
    configuration: Configuration,
    *,
    target: str | None = None,
    fail_on: Severity = Severity.ERROR,
    progress: Progress,
) -> Report:
    """What is wrong with the changed files. What could not be reviewed is told as skipped.

    `target`: the database that the migrations are for. Interrupted is raised as it comes.
    """
    reports: list[Report] = []
    skipped: list[Skipped] = [*_models(changed)]
    for folder in sorted({path.parent for path in changed.migrations}):
        files = tuple(_shown(path) for path in changed.migrations if path.parent == folder)
        try:
            progress(f"linting {', '.join(files)}")
            reports.append(
                lint(
                    files,
                    target=target,
                    fail_on=fail_on,
                    progress=progress,
                    configuration=configuration,
                )
            )
        except Interrupted:
            raise
        except DbwrightError as problem:
            skipped.append(_not_reviewed(files, problem))
    for path in changed.sql:
        try:
            progress(f"checking {_shown(path)}")
            reports.append(
                check(_shown(path), fail_on=fail_on, progress=progress, configuration=configuration)
            )
        except Interrupted:
            raise
        except DbwrightError as problem:
            skipped.append(_not_reviewed((_shown(path),), problem))
    every = (*changed.migrations, *changed.sql, *changed.models)
    return _merged(reports, skipped, ", ".join(map(_shown, every)), fail_on)


def _models(changed: Changed) -> Iterable[Skipped]:
    if changed.models and not changed.migrations:
        yield Skipped(
            "models",
            "a model changed, and no migration with it",
            "write the migration (with its framework, or `dbwright migrate new`)",
            tuple(map(_shown, changed.models)),
        )


def _not_reviewed(files: tuple[str, ...], problem: DbwrightError) -> Skipped:
    return Skipped("review", problem.message, problem.next_step, files)


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _merged(
    reports: list[Report], skipped: list[Skipped], target: str, fail_on: Severity
) -> Report:
    order = list(Severity)
    findings = [finding for report in reports for finding in report.findings]
    return Report(
        command=COMMAND,
        target=target or "no file that concerns a database",
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
        skipped=(*skipped, *dict.fromkeys(one for report in reports for one in report.skipped)),
        silenced=tuple(one for report in reports for one in report.silenced),
        engine=reports[0].engine if reports else "",
        rules_run=sum(report.rules_run for report in reports),
        fail_on=fail_on,
        rules={id_: text for report in reports for id_, text in report.rules.items()},
    )

"""`dbwright tune --apply`: the advice as a migration file. The target itself is never written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dbwright.errors import FileUnreadable
from dbwright.model.finding import Finding
from dbwright.model.report import Report, Skipped
from dbwright.new_file import write_new
from dbwright.sql.migration_text import Step, migration_text

__all__ = ["applicable", "applied", "require_folder", "write_migration"]

LOCK_TIMEOUT = "5s"
"""A change that waits longer for its lock blocks all that queue behind it."""
NOT_OF_A_SCHEMA = frozenset({"database", "role", "server", "setting", "settings"})
"""Kinds of objects whose fixes are for one server, not for each place that a schema is in."""
REMADE = frozenset({"tune/large-time-ordered-table"})
"""Rules whose fixes put another table in the place of one."""
LATER = Skipped(
    "tune.apply",
    "not in the migration, which changes the table in other ways: partitions are made of the table "
    "as it is then",
    "run the migration, then tune again with --apply",
)


def applied(report: Report, folder: Path, at: datetime) -> Report:
    """The report, with the file that was written. Raises FileUnreadable."""
    later = tuple(_alone(report))
    if later:
        names = tuple(sorted({finding.object.name for finding in later}))
        report = replace(report, skipped=(*report.skipped, replace(LATER, objects=names)))
    path = write_migration(report, folder, at)
    if path is None:
        nothing = Skipped("tune.apply", "no advice is a change of the schema: nothing was written")
        return replace(report, skipped=(*report.skipped, nothing))
    return replace(report, written=(str(path),))


def require_folder(folder: Path) -> None:
    """Make the folder before anything takes time. Raises FileUnreadable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        problem = "" if os.access(folder, os.W_OK | os.X_OK) else "no right to write"
    except OSError as error:
        problem = error.strerror or str(error)
    if problem:
        raise FileUnreadable(f"can't write into {folder}: {problem}", "name another with --dir")


def applicable(report: Report) -> Iterator[Finding]:
    """Those whose fix belongs into this migration: SQL about objects of the schema."""
    later = set(map(id, _alone(report)))
    return (finding for finding in _of_schema(report.findings) if id(finding) not in later)


def _of_schema(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        if finding.fix is not None and finding.object.kind not in NOT_OF_A_SCHEMA:
            yield finding


def _alone(report: Report) -> Iterator[Finding]:
    """Those that put another table in the place of one that the migration changes otherwise as
    well: written for the table as it is now, they would not bring that along."""
    others = [finding for finding in _of_schema(report.findings) if finding.rule not in REMADE]
    changed = {finding.object.name for finding in others}
    drops = report.tuning.drops if report.tuning is not None else ()
    changed |= {drop.table for drop in drops if drop.name in changed}
    for finding in _of_schema(report.findings):
        if finding.rule in REMADE and finding.object.name in changed:
            yield finding


def write_migration(report: Report, folder: Path, at: datetime) -> Path | None:
    """Write the fixes of the report into a new file of the folder, which is there; None where there
    is nothing to write. The file is there whole or not at all, and no
    other is ever written over.

    Raises FileUnreadable.
    """
    steps = [
        Step(f"{finding.rule}: {finding.message}", finding.fix.up, finding.fix.down)
        for finding in applicable(report)
        if finding.fix is not None
    ]
    if not steps:
        return None
    levels = sorted({finding.proof.level.value for finding in applicable(report)})
    title = (
        f"Written by dbwright tune for {report.database or report.target}, "
        f"{at:%Y-%m-%d %H:%M} UTC. Proof: {' and '.join(levels)}."
    )
    text = migration_text(title, steps, {"no-transaction": None, "lock-timeout": LOCK_TIMEOUT})
    name = f"{at:%Y%m%d%H%M%S}-tune-{_slug(report.database) or 'database'}.sql"
    return _write(folder / name, text)


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")


def _write(path: Path, text: str) -> Path:
    try:
        write_new(path, text.encode())
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {path}: {problem.strerror}", "name another folder with --dir"
        ) from None
    return path

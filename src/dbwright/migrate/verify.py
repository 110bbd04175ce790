"""`dbwright migrate verify`: are the files still those that were run?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.errors import BadMigration
from dbwright.migrate.files.folder import missing_between, read_folder, require_files
from dbwright.migrate.history.table import DEFAULT_TABLE
from dbwright.migrate.pages.registry import page_of
from dbwright.migrate.place import DEFAULT_FOLDER, Folder, Table, Target, opened
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.standing import Standing, standings
from dbwright.migrate.works import work_of
from dbwright.model.described import MIGRATING
from dbwright.model.finding import Confidence, Finding, Location, ObjectRef, Severity
from dbwright.model.migration import Migration
from dbwright.model.page import why_it_matters
from dbwright.model.report import Report, RuleText
from dbwright.model.rule_page import rule_page
from dbwright.operation import Effect, Example, Parameter, operation

__all__ = ["verify"]

PAGES = (
    "cannot-run",
    "changed-file",
    "lost-file",
    "half-done",
    "late-file",
    "missing-number",
    "no-way-back",
)


@operation(
    Effect.READS,
    examples=(
        Example("dbwright migrate verify", "before a deployment: exit status 1 where it must not"),
        Example("dbwright migrate verify --format sarif -o m.sarif", "for a pull request"),
    ),
)
def verify(
    target: Target = None,
    *,
    dir: Folder = DEFAULT_FOLDER,
    table: Table = DEFAULT_TABLE,
    fail_on: Annotated[
        Severity, Parameter("exit with 1 from this severity on", "|".join(Severity))
    ] = Severity.ERROR,
    configuration: Configuration,
) -> Report:
    """Compare the files of a folder with what the database ran.

    Finds files that were changed since they were applied (by their SHA-256) or are gone,
    migrations that stopped half-way, that come too late or lack a number between them, and those
    without a way back. Writes nothing.
    """
    migrations = read_folder(dir)
    require_files(migrations, dir)
    with opened(target, configuration, table) as place:
        found = standings(migrations, place.history.rows())
        findings = (*_findings(found), *_of_files(migrations))
        return Report(
            command="migrate verify",
            target=place.name,
            findings=tuple(sorted(findings, key=lambda finding: finding.severity.rank)),
            objects_read={"migration": len(migrations)},
            fail_on=fail_on,
            rules={
                page.id: RuleText(page.title, rule_page(page))
                for page in map(page_of, map(_rule, PAGES))
            },
        )


def _findings(found: Sequence[Standing]) -> Iterator[Finding]:
    done = [one.number for one in found if one.state.is_done]
    for one in found:
        known = one.migration or one.applied
        assert known is not None
        name = f"{known.version} {known.name}"
        if one.is_changed:
            yield _finding("changed-file", Severity.ERROR, one, f"{name} was changed since it ran")
        if one.is_lost:
            yield _finding("lost-file", Severity.ERROR, one, f"the file of {name} is gone")
        if one.is_half_done and one.applied is not None:
            at = f"{name} stopped; statements done: {one.applied.statements_done}"
            said = one.applied.error and f": {one.applied.error}"
            yield _finding("half-done", Severity.ERROR, one, f"{at}{said}")
        elif not one.state.is_done and done and one.number < done[-1]:
            message = f"{name} was not run, and {done[-1]} after it was"
            yield _finding("late-file", Severity.WARNING, one, message)


def _of_files(migrations: Sequence[Migration]) -> Iterator[Finding]:
    for number in missing_between(migrations):
        after = next(one for one in migrations if one.number > number)
        message = f"there is no migration {number}, and {after} after it"
        yield _finding("missing-number", Severity.WARNING, Standing(after, None), message)
    for migration in migrations:
        for direction in ("up", "down"):
            try:
                work_of(migration, direction, Patience())
            except BadMigration as problem:
                up = direction == "up"
                name, severity = (
                    ("cannot-run", Severity.ERROR) if up else ("no-way-back", Severity.NOTICE)
                )
                yield _finding(name, severity, Standing(migration, None), problem.message)
                break


def _finding(name: str, severity: Severity, one: Standing, message: str) -> Finding:
    known = one.migration or one.applied
    assert known is not None
    rule = _rule(name)
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        object=ObjectRef("migration", known.version),
        message=message,
        why=why_it_matters(page_of(rule).page),
        key=f"{rule}:{known.version}",
        location=None if one.migration is None else Location(one.migration.path, 1),
    )


def _rule(name: str) -> str:
    return f"{MIGRATING}/{name}"

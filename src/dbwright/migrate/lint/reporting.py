"""From a judged run to a report: hazards, what silences them, what was not looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dbwright.migrate.lint.branches import not_taken
from dbwright.migrate.lint.configure import Chosen
from dbwright.migrate.lint.describe import described_hazards
from dbwright.migrate.lint.engine import run_hazards
from dbwright.migrate.lint.refusals import not_judged
from dbwright.migrate.lint.silence import Ignore, silenced
from dbwright.migrate.pages.registry import described_pages, page_of
from dbwright.model.described import MIGRATIONS
from dbwright.model.finding import Confidence, Finding, Location, ObjectRef, Severity
from dbwright.model.judged import JudgedRun
from dbwright.model.migration import ReadMigration
from dbwright.model.page import why_it_matters
from dbwright.model.report import Report, RuleText, Silenced, Skipped
from dbwright.model.rule_page import rule_page

__all__ = ["report_of"]

UNUSED = f"{MIGRATIONS}/unused-ignore"
NO_LOCK_TIMEOUT = f"{MIGRATIONS}/no-lock-timeout"


def report_of(
    run: JudgedRun,
    chosen: Chosen,
    *,
    target: str,
    fail_on: Severity,
    baseline: frozenset[str] = frozenset(),
    sets_lock_timeout: bool = False,
    assumed: ReadMigration | None = None,
    passed_over: Iterable[Skipped] = (),
) -> Report:
    """What is wrong with the files of the run. `assumed`: tables that were made up for it.
    `passed_over`: files beside them that nobody would run."""
    thresholds = dict(chosen.rules.thresholds)
    limits = {"runner_sets_it": sets_lock_timeout, **thresholds.get(NO_LOCK_TIMEOUT, {})}
    found = run_hazards(
        run,
        chosen.hazards,
        thresholds={**thresholds, NO_LOCK_TIMEOUT: limits},
        severities=chosen.rules.severities,
    )
    shown, hidden, unused = silenced(found.findings, _texts(run))
    if UNUSED in chosen.rules.enabled and len(chosen.hazards) == len(_ids()):
        shown += [_unused(path, comment, chosen) for path, comment in unused]
    shown, by_others = _silenced(shown, chosen, baseline)
    if assumed is not None:
        shown = [replace(one, confidence=Confidence.LOW) for one in shown]
    named = {finding.rule for finding in shown}
    return Report(
        command="migrate lint",
        target=target,
        findings=tuple(shown),
        silenced=(*hidden, *by_others),
        skipped=_merged(
            (
                *passed_over,
                *_assumed(assumed),
                *run.skipped,
                *not_judged(run),
                *not_taken(run),
                *found.skipped,
                *_off(chosen),
            )
        ),
        engine="postgresql",
        server_version=str(run.major),
        rules_run=len(chosen.hazards),
        objects_read={
            "migration": len(run.migrations),
            "statement": sum(len(file.steps) for file in run.migrations),
        },
        fail_on=fail_on,
        rules={
            rule.id: RuleText(rule.title, rule_page(rule))
            for rule in (*described_hazards(), *described_pages())
            if rule.id in named
        },
    )


def _ids() -> frozenset[str]:
    return frozenset(rule.id for rule in described_hazards())


def _texts(run: JudgedRun) -> dict[str, str]:
    """The files' texts, by their path; of what came in by stdin there is none."""
    paths = {file.migration.path for file in run.migrations}
    paths |= {one.path for file in run.migrations for one in file.down or () if one.path}
    return {
        path: Path(path).read_text(encoding="utf-8-sig") for path in paths if Path(path).is_file()
    }


def _unused(path: str, comment: Ignore, chosen: Chosen) -> Finding:
    page = page_of(UNUSED)
    rule = ", ".join(comment.patterns)
    return Finding(
        rule=UNUSED,
        severity=chosen.rules.severities.get(UNUSED, page.severity),
        confidence=Confidence.HIGH,
        object=ObjectRef("migration", path),
        message=f"the comment silences nothing: {rule} says nothing of the statement behind it",
        why=why_it_matters(page.page),
        key=f"{UNUSED}:{path}:{rule}",
        advice="Take it out.",
        location=Location(path, comment.line),
    )


def _silenced(
    findings: Iterable[Finding], chosen: Chosen, baseline: frozenset[str]
) -> tuple[list[Finding], list[Silenced]]:
    """By dbwright.toml, and by a report that was written before."""
    shown: list[Finding] = []
    hidden: list[Silenced] = []
    for finding in findings:
        if chosen.rules.ignores(finding):
            patterns = ", ".join(chosen.rules.ignored[finding.rule])
            hidden.append(Silenced(finding, "configuration", f"ignore {patterns}"))
        elif finding.key in baseline:
            hidden.append(Silenced(finding, "baseline"))
        else:
            shown.append(finding)
    return shown, hidden


def _assumed(assumed: ReadMigration | None) -> Iterator[Skipped]:
    """What was made up, and why."""
    if assumed is not None:
        tables = [one.text for one in assumed.script.up if one.text.startswith("CREATE TABLE")]
        yield Skipped(
            "catalog",
            f"nothing was known of the schema, so it was assumed: {'; '.join(tables)}",
            "give --target TARGET, or put the file into the folder of those before it",
        )


def _off(chosen: Chosen) -> Iterator[Skipped]:
    ids = _ids()
    return (one for one in chosen.rules.switched_off if one.part in ids)


def _merged(parts: Sequence[Skipped]) -> tuple[Skipped, ...]:
    """Of each file and reason one."""
    merged: dict[tuple[str, str], Skipped] = {}
    for part in parts:
        key = (part.reason, part.remedy)
        first = merged.get(key)
        if first is None:
            merged[key] = part
        elif part.part not in first.part.split(", "):
            merged[key] = replace(first, part=f"{first.part}, {part.part}")
    return tuple(merged.values())

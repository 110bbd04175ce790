"""What makes migrations safe, point by point: ticked is only what was run, and held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.agent.work.evidence import Evidence
from dbwright.agent.work.schema.ways_back import WayBack
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedRun
from dbwright.model.report import Report

__all__ = ["Point", "checklist"]

NO_LOCK_TIMEOUT = "migrations/no-lock-timeout"
REHEARSE = "dbwright migrate rehearse FILE TARGET"


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the list."""

    text: str
    holds: bool | None
    """None: nobody looked."""
    told: str = ""
    """What was run; or why it does not hold; or what would be needed to look."""


def checklist(evidence: Evidence) -> tuple[Point, ...]:
    return (*_of_project(evidence), *_of_proposals(evidence), *_of_nobody())


def _of_project(evidence: Evidence) -> Iterator[Point]:
    run, lint = evidence.built.run, evidence.linted
    if run is None or lint is None:
        yield Point("The project's migrations run in their order", None, "there are none")
        return
    refused = evidence.built.refused
    yield Point(
        "The project's migrations run in their order",
        not refused,
        refused[0] if refused else f"{_judged(run)}, run on an empty PostgreSQL {run.major}",
    )
    yield _ways_back("Each of them can be taken back", evidence.ways_back)
    yield _lint("Lint finds no error in them", lint)


def _judged(run: JudgedRun) -> str:
    statements = sum(len(file.steps) for file in run.migrations)
    return f"{len(run.migrations):,} files with {statements:,} statements"


def _ways_back(text: str, tried: tuple[WayBack, ...]) -> Point:
    if not tried:
        return Point(text, None, "no file has a way back that could be tried")
    without = [one.migration for one in tried if not one.has_down]
    broken = [one for one in tried if one.problems]
    if broken:
        return Point(text, False, f"{broken[0].migration}: {broken[0].problems[0]}")
    if without:
        many = f"{len(without):,} of {len(tried):,} files have no way back"
        return Point(text, False, f"{many}: {', '.join(without[:5])}")
    return Point(
        text, True, f"{len(tried):,} files taken back, and each time the schema was as before"
    )


def _lint(text: str, lint: Report) -> Point:
    errors = [one for one in lint.findings if one.severity.at_least(Severity.ERROR)]
    if errors:
        told = f"{len(errors):,} errors, the first: {errors[0].rule}: {errors[0].message}"
        return Point(text, False, told)
    others = len(lint.findings)
    return Point(text, True, f"{lint.rules_run} rules were run, {others:,} lesser findings")


def _of_proposals(evidence: Evidence) -> Iterator[Point]:
    proposals = evidence.proposals
    if not proposals.files or proposals.lint is None:
        yield Point("The proposed migrations run", None, "none is proposed")
        return
    many = f"{len(proposals.files):,} files"
    yield Point("The proposed migrations run", True, f"{many}, run after the schema")
    yield _ways_back("Each of them can be taken back", proposals.ways_back)
    yield _lint("Lint finds no error in them, at the sizes above", proposals.lint)
    waits = [one for one in proposals.lint.findings if one.rule == NO_LOCK_TIMEOUT]
    how = "each file sets lock-timeout, which dbwright migrate up keeps"
    if proposals.tool:
        how = (
            "each sets lock_timeout, but for those that run CONCURRENTLY: nobody waits behind "
            "them, and a limit would leave a half-built index"
        )
    yield Point("None waits long for a lock", not waits, waits[0].message if waits else how)
    yield Point(
        "What the queries gain is estimated",
        evidence.tuned is not None or None,
        "by the planner, over made-up rows"
        if evidence.tuned is not None
        else "the code holds no query that could be planned",
    )


def _of_nobody() -> Iterator[Point]:
    yield Point(
        "They were rehearsed with rows and under load",
        None,
        f"needs a copy of the target: {REHEARSE}",
    )
    yield Point("There is a backup from before, and it was restored", None, "needs the server")
    yield Point("The application runs with the schema before and after", None, "needs its tests")

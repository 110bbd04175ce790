"""The steps of `tune`: read, make a twin, try indexes on it, tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dbwright.engines.postgresql.session import Session
from dbwright.engines.postgresql.watch import watch as watch_activity
from dbwright.errors import UsageError
from dbwright.model.conversation import Conversation
from dbwright.model.finding import Finding, Severity
from dbwright.model.report import Report, RuleText, Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import twin
from dbwright.target import Live, Target, opened
from dbwright.tune.chattiness import RULES as CHATTINESS
from dbwright.tune.chattiness import chattiness
from dbwright.tune.index_findings import RULE, WHY, index_findings
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.search import Effort
from dbwright.tune.rewrites.advise import RewriteCounts, advise_rewrites
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.workload.sources import (
    PG_STAT_STATEMENTS,
    WorkloadReading,
    merged,
    of_workload,
    read_workload_from,
)
from dbwright.tune.workload.weighted import weighted

__all__ = ["Wanted", "advise", "tune_snapshot"]

CALLS = 3000
CALLS_PER_QUERY = 40
READING_SECONDS = 30.0
"""Beside the time of watching itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for."""

    workload: tuple[str, ...] = ()
    """Sources; none means pg_stat_statements, or nothing but what is watched."""
    watch_seconds: float | None = None
    space_bytes: int | None = None
    effort_seconds: float = 60.0
    why: tuple[str, ...] = ()
    """Indexes that are asked about."""


def advise(
    target: Target,
    wanted: Wanted,
    *,
    fail_on: Severity | None = None,
    budget: float = 120.0,
    progress: Progress = silent,
) -> Report:
    """Read the target (`budget` in seconds) and its workload, and advise.

    Raises UsageError, TargetError, WorkloadUnreadable, UnknownLogFormat, SandboxError.
    """
    named = wanted.workload or (() if wanted.watch_seconds else (PG_STAT_STATEMENTS,))
    watched: tuple[WorkloadReading, ...] = ()
    if wanted.watch_seconds and isinstance(target, Live):
        watched = _watched(target, wanted.watch_seconds, progress)
    with opened(
        target,
        budget_seconds=budget,
        values=None,
        workload=PG_STAT_STATEMENTS in named,
        progress=progress,
    ) as source:
        snapshot = source.snapshot
    readings = [read_workload_from(text, snapshot, progress=progress) for text in named]
    reading = merged([*watched, *readings])
    queries = reading.workload.queries
    report = tune_snapshot(
        snapshot,
        queries,
        IndexOptions(
            budget_bytes=wanted.space_bytes,
            # More queries need more planner calls; for few ones there is a floor.
            effort=Effort(max(CALLS, CALLS_PER_QUERY * len(queries)), wanted.effort_seconds),
            asked=tuple(asked_index(text, snapshot.catalog) for text in wanted.why),
        ),
        source=reading.workload.source,
        skipped=reading.skipped,
        fail_on=fail_on,
        progress=progress,
    )
    return _with_chattiness(report, reading.conversations)


def tune_snapshot(
    snapshot: Snapshot,
    queries: Sequence[Query],
    options: IndexOptions,
    *,
    source: str,
    skipped: tuple[Skipped, ...] = (),
    fail_on: Severity | None = None,
    progress: Progress = silent,
) -> Report:
    """The advice for these queries on what was read of the target."""
    if snapshot.statistics is None:
        raise UsageError(
            f"there are no statistics of {snapshot.target}, so nothing can be estimated",
            "tune the live database, or a snapshot of it",
        )
    with twin(snapshot, progress=progress) as copy:
        with copy.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        tuning, candidates, untried = advise_indexes(
            snapshot, statements, copy, options, source=source, progress=progress
        )
        left += [*copy.skipped, *untried]
        rewritten, counts = advise_rewrites(
            statements, snapshot, copy, seconds=options.effort.seconds, progress=progress
        )
        left += _told(counts)
    return Report(
        command="tune",
        target=snapshot.target,
        findings=_worst_first((*index_findings(snapshot.catalog, tuning, candidates), *rewritten)),
        skipped=(*skipped, *left),
        engine=snapshot.catalog.engine,
        server_version=snapshot.catalog.server.version,
        database=snapshot.catalog.server.database,
        objects_read={"query": len(statements), "table": len(snapshot.catalog.tables)},
        fail_on=fail_on,
        rules={
            RULE: RuleText("An index that the workload would use is missing.", WHY),
            **{one.id: RuleText(one.title, one.why) for one in all_rewrites()},
        },
        tuning=tuning,
    )


def _watched(target: Live, seconds: float, progress: Progress) -> tuple[WorkloadReading, ...]:
    with Session.open(target.url, seconds + READING_SECONDS) as session:
        seen = watch_activity(session, seconds, progress=progress)
        return (of_workload(seen, "watch", tuple(session.skipped)),)


def _with_chattiness(report: Report, conversations: Sequence[Conversation]) -> Report:
    """What no index mends: how the application talks to the database."""
    found = [finding for heard in conversations for finding in chattiness(heard)]
    if not found:
        return report
    findings = _worst_first((*report.findings, *found))
    return replace(report, findings=findings, rules={**report.rules, **CHATTINESS})


def _worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank))


def _told(counts: RewriteCounts) -> Iterator[Skipped]:
    """What became of rewrites that are not shown, where somebody should know."""
    if counts.refused:
        names = tuple(sorted({refused.rule for refused in counts.refused}))
        many = "1 rewrite" if len(counts.refused) == 1 else f"{len(counts.refused):,} rewrites"
        yield Skipped("tune.rewrites", f"{many} gave other rows and were thrown away", "", names)
    if counts.untried:
        yield Skipped(
            "tune.rewrites",
            f"no time was left for {counts.untried:,} queries",
            "give more --effort",
        )
    for name, problem in sorted(counts.broken.items()):
        yield Skipped("tune.rewrites", f"{name} failed: {problem}", "please report it")

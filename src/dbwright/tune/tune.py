"""`dbwright tune`: from what a database really runs to advice that is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from dbwright.configuration import Configuration
from dbwright.engines.postgresql.session import Session
from dbwright.engines.postgresql.watch import watch as watch_activity
from dbwright.errors import UsageError
from dbwright.model.conversation import Conversation
from dbwright.model.finding import Severity
from dbwright.model.report import Report, RuleText, Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import twin
from dbwright.target import Live, opened, resolve
from dbwright.tune.chattiness import RULES as CHATTINESS
from dbwright.tune.chattiness import chattiness
from dbwright.tune.index_findings import RULE, WHY, index_findings
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.search import Effort
from dbwright.tune.sizes import parse_size
from dbwright.tune.workload.sources import (
    PG_STAT_STATEMENTS,
    WorkloadReading,
    merged,
    of_workload,
    read_workload_from,
)
from dbwright.tune.workload.weighted import weighted

__all__ = ["tune", "tune_snapshot"]

BUDGET = 120.0
SECONDS = 60.0
CALLS = 3000
CALLS_PER_QUERY = 40
READING_SECONDS = 30.0
"""Beside the time of watching itself."""


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright tune postgresql://me@db.example.com/shop", "what pg_stat_statements saw"),
        Example(
            "dbwright tune shop.dbw --workload queries.sql", "a snapshot and a file of queries"
        ),
        Example("dbwright tune --workload /var/log/postgresql --space 1GB", "a server's logs"),
        Example("dbwright tune shop.dbw --format html -o advice.html", "a page for the team"),
    ),
)
def tune(
    target: Annotated[
        str | None,
        Parameter(
            "URL, snapshot, .sql file, folder, or a name in dbwright.toml; else DATABASE_URL",
            "TARGET",
            argument=True,
        ),
    ] = None,
    *,
    workload: Annotated[
        tuple[str, ...],
        Parameter(
            "pg_stat_statements, a server log or a folder of them, a .sql file, a capture; "
            "may be repeated [default: pg_stat_statements]",
            "SOURCE",
        ),
    ] = (),
    space: Annotated[
        str | None, Parameter("room for new indexes, such as 500MB [default: no limit]", "SIZE")
    ] = None,
    why: Annotated[
        tuple[str, ...],
        Parameter("say why this index is not advised, such as 'shop.orders (total)'", "INDEX"),
    ] = (),
    watch: Annotated[
        float | None,
        Parameter("look at what the live target runs for so long, and take that too", "SECONDS"),
    ] = None,
    effort: Annotated[
        float, Parameter("seconds to search for the best set of indexes", "SECONDS")
    ] = SECONDS,
    fail_on: Annotated[
        Severity | None, Parameter("exit with 1 at findings this bad or worse", "SEVERITY")
    ] = None,
    budget: Annotated[float, Parameter("seconds for all reading", "SECONDS")] = BUDGET,
    progress: Progress = silent,
    configuration: Configuration,
) -> Report:
    """Propose what makes a workload faster, each piece with its proof.

    The queries are planned on a twin: a throw-away server with the target's schema and statistics
    and no rows. The target itself is only read, once. For each index the report says what it saves,
    alone and with the others, its size, what it costs the writes, and how to take it back.
    """
    room = None if space is None else parse_size(space)
    if effort <= 0:
        raise UsageError("--effort must be more than 0 seconds", "leave it out for 60")
    resolved = resolve(target, configuration)
    if watch is not None and (watch <= 0 or not isinstance(resolved, Live)):
        raise UsageError("--watch takes seconds, and looks at a live database", "name its URL")
    named = workload or (() if watch else (PG_STAT_STATEMENTS,))
    watched = _watched(resolved, watch, progress) if watch and isinstance(resolved, Live) else ()
    with opened(
        resolved,
        budget_seconds=budget,
        values=None,
        workload=PG_STAT_STATEMENTS in named,
        progress=progress,
    ) as source:
        snapshot = source.snapshot
    readings = [read_workload_from(text, snapshot, progress=progress) for text in named]
    reading = merged([*watched, *readings])
    report = tune_snapshot(
        snapshot,
        reading.workload.queries,
        IndexOptions(
            budget_bytes=room,
            effort=_effort(len(reading.workload.queries), effort),
            asked=tuple(asked_index(text, snapshot.catalog) for text in why),
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
    return Report(
        command="tune",
        target=snapshot.target,
        findings=tuple(index_findings(snapshot.catalog, tuning, candidates)),
        skipped=(*skipped, *left),
        engine=snapshot.catalog.engine,
        server_version=snapshot.catalog.server.version,
        database=snapshot.catalog.server.database,
        objects_read={"query": len(statements), "table": len(snapshot.catalog.tables)},
        fail_on=fail_on,
        rules={RULE: RuleText("An index that the workload would use is missing.", WHY)},
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
    findings = sorted((*report.findings, *found), key=lambda finding: finding.severity.rank)
    rules = {**report.rules, **CHATTINESS}
    return replace(report, findings=tuple(findings), rules=rules)


def _effort(queries: int, seconds: float) -> Effort:
    """More queries need more planner calls; for few ones there is a floor."""
    return Effort(max(CALLS, CALLS_PER_QUERY * queries), seconds)

"""The steps of `tune`: read the target and its workload, then advise."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from dbwright.configuration import Configuration
from dbwright.engines.postgresql.entries import EntryCounter
from dbwright.engines.postgresql.host import machine_here
from dbwright.engines.postgresql.session import Session
from dbwright.engines.postgresql.watch import watch as watch_activity
from dbwright.model.conversation import Conversation
from dbwright.model.finding import Severity
from dbwright.model.machine import Machine
from dbwright.model.report import Report
from dbwright.progress import Progress, silent
from dbwright.target import Live, Target, opened
from dbwright.tune.chattiness import chattiness
from dbwright.tune.chattiness_rules import thresholds_from
from dbwright.tune.drop_findings import REDUNDANT_RULE
from dbwright.tune.index_findings import MISSING_RULE
from dbwright.tune.indexes.advise import IndexOptions
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.search import Effort
from dbwright.tune.options import Rows, TuneOptions, choose
from dbwright.tune.tuned import shown, tune_snapshot
from dbwright.tune.workload.sources import (
    PG_STAT_STATEMENTS,
    WorkloadReading,
    merged,
    of_workload,
    read_workload_from,
)

__all__ = ["Wanted", "advise"]

CALLS = 3000
CALLS_PER_QUERY = 40
READING_SECONDS = 30.0
"""Beside the time of watching itself."""
SAMPLED_ROWS = 30_000
"""Of each table, as ANALYZE reads with the default statistics target."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for."""

    workload: tuple[str, ...] = ()
    """Sources; none means pg_stat_statements, or nothing but what is watched."""
    prefix: str | None = None
    """log_line_prefix of logs; None where it is to be found out."""
    watch_seconds: float | None = None
    space_bytes: int | None = None
    hypopg_unit: bool = False
    width: int | None = None
    """Key columns of an index, at most; None for the usual."""
    effort_seconds: float = 60.0
    why: tuple[str, ...] = ()
    """Indexes that are asked about."""
    machine: Machine | None = None
    """What was said of it; what was not said is looked up where the server runs here."""
    rows: bool = False
    """Read rows of the tables, too."""
    measured: bool = False
    copy_bytes: int | None = None
    """How large a copy may be."""
    statement_seconds: float = 60.0
    fail_on: Severity | None = None


def advise(
    target: Target,
    wanted: Wanted,
    configuration: Configuration,
    *,
    budget: float = 120.0,
    progress: Progress = silent,
) -> Report:
    """Read the target (`budget` in seconds) and its workload, and advise.

    Raises UsageError, TargetError, WorkloadUnreadable, UnknownLogFormat, SandboxError.
    """
    chosen = choose(configuration)
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
    readings = [
        read_workload_from(text, snapshot, prefix=wanted.prefix, progress=progress)
        for text in named
    ]
    reading = merged([*watched, *readings])
    queries = reading.workload.queries
    indexes = IndexOptions(
        budget_bytes=wanted.space_bytes,
        hypopg_unit=wanted.hypopg_unit,
        # More queries need more planner calls; for few ones there is a floor.
        effort=Effort(max(CALLS, CALLS_PER_QUERY * len(queries)), wanted.effort_seconds),
        asked=tuple(asked_index(text, snapshot.catalog) for text in wanted.why),
        additions=MISSING_RULE in chosen.advice.enabled,
        drops=REDUNDANT_RULE in chosen.advice.enabled,
        drop_thresholds=chosen.advice.thresholds.get(REDUNDANT_RULE, {}),
    )
    if wanted.width is not None:
        indexes = replace(indexes, limits=replace(indexes.limits, width=wanted.width))
    options = TuneOptions(
        indexes=indexes,
        chosen=chosen,
        machine=_machine(target, wanted.machine),
        rows=_rows(target, wanted),
        measured=wanted.measured,
        statement_seconds=wanted.statement_seconds,
        fail_on=wanted.fail_on,
    )
    with ExitStack() as stack:
        if isinstance(target, Live):
            count = stack.enter_context(EntryCounter(target.url))
            options = replace(options, indexes=replace(options.indexes, count=count))
        report = tune_snapshot(
            snapshot,
            queries,
            options,
            source=reading.workload.source,
            skipped=reading.skipped,
            progress=progress,
        )
    return _with_chattiness(report, reading.conversations, options)


def _rows(target: Target, wanted: Wanted) -> Rows | None:
    if not isinstance(target, Live) or not (wanted.rows or wanted.measured):
        return None
    if wanted.measured:
        return Rows(target.url, None, wanted.copy_bytes)
    return Rows(target.url, SAMPLED_ROWS)


def _machine(target: Target, said: Machine | None) -> Machine | None:
    """What was said, completed by what can be seen where the server runs on this machine."""
    here = None
    if isinstance(target, Live):
        with Session.open(target.url, READING_SECONDS) as session:
            here = machine_here(session)
    if said is None or here is None:
        return said or here
    return replace(
        said,
        memory_bytes=here.memory_bytes if said.memory_bytes is None else said.memory_bytes,
        cpus=here.cpus if said.cpus is None else said.cpus,
        disk=here.disk if said.disk is None else said.disk,
    )


def _watched(target: Live, seconds: float, progress: Progress) -> tuple[WorkloadReading, ...]:
    with Session.open(target.url, seconds + READING_SECONDS) as session:
        seen = watch_activity(session, seconds, progress=progress)
        return (of_workload(seen, "watch", tuple(session.skipped)),)


def _with_chattiness(
    report: Report, conversations: Sequence[Conversation], options: TuneOptions
) -> Report:
    """What no index mends: how the application talks to the database."""
    talk = options.chosen.talk
    limits = thresholds_from(talk.thresholds)
    found = [
        finding
        for heard in conversations
        for finding in chattiness(heard, limits, rules=talk.enabled)
    ]
    return shown(report, found, options) if found else report

"""The advice for a workload on what was read of a target, made on a twin and, where rows may be
read, a copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from dbwright.errors import UsageError
from dbwright.model.finding import Finding
from dbwright.model.report import Report, RuleText, Skipped
from dbwright.model.rule_page import rule_page
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import Tuning
from dbwright.model.workload import Query
from dbwright.progress import Progress, silent
from dbwright.sandbox.copy.copy import Copy, copy
from dbwright.sandbox.twin.twin import twin
from dbwright.tune.advisors.describe import described_advisors
from dbwright.tune.advisors.engine import run_advisors
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.index_findings import index_findings
from dbwright.tune.indexes.advise import advise_indexes
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.measured.findings import constants_finding, left_of
from dbwright.tune.measured.measure import measure
from dbwright.tune.measured.rewriting import RewriteRuns
from dbwright.tune.options import TuneOptions
from dbwright.tune.own_servers import own_servers
from dbwright.tune.pages.registry import described_pages
from dbwright.tune.rewrites.advise import advise_rewrites
from dbwright.tune.rewrites.counts import told
from dbwright.tune.rewrites.describe import described_rewrites
from dbwright.tune.rewrites.samples import sample_rows
from dbwright.tune.unread import unread
from dbwright.tune.workload.weighted import Weighted, weighted

__all__ = ["shown", "tune_snapshot"]

NOTHING_ASKED = Skipped(
    "tune.queries",
    "no query of the workload reads or writes a table of this database: what indexes would do is "
    "not known",
    "give a workload with --workload, or look at a busy time with --watch 60",
)


def tune_snapshot(
    snapshot: Snapshot,
    queries: Sequence[Query],
    options: TuneOptions,
    *,
    source: str,
    skipped: tuple[Skipped, ...] = (),
    progress: Progress = silent,
) -> Report:
    """The advice for these queries on what was read of the target; `source` is where they are from.

    Raises UsageError, TargetError where rows can't be read, SandboxError.
    """
    if snapshot.statistics is None or snapshot.from_files:
        raise UsageError(
            f"there are no statistics of {snapshot.target}, so nothing can be estimated",
            "tune the live database, or a snapshot of it",
        )
    with own_servers(), ExitStack() as stack:
        here = stack.enter_context(twin(snapshot, progress=progress))
        with here.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        if not statements:
            left.append(NOTHING_ASKED)
        left += unread(snapshot, statements)
        rows = _copied(stack, snapshot, statements, options, progress)
        tuning, candidates, untried = advise_indexes(
            snapshot, statements, here, options.indexes, source=source, progress=progress
        )
        left += [*here.skipped, *(() if rows is None else rows.skipped), *untried]
        findings: list[Finding] = []
        if options.measured and rows is not None:
            tuning, candidates, unmeasured = _measured(
                rows, statements, tuning, candidates, options, progress
            )
            left += unmeasured
        findings += _of_indexes(snapshot, tuning, candidates)
        runs = None
        if options.measured and rows is not None:
            runs = stack.enter_context(
                RewriteRuns(
                    rows,
                    seconds=options.indexes.effort.seconds,
                    statement_seconds=options.statement_seconds,
                )
            )
        rewritten, counts = advise_rewrites(
            statements,
            snapshot,
            here,
            rewrites=options.chosen.rewrites.rewrites,
            thresholds=options.chosen.rewrites.rules.thresholds,
            samples=None if rows is None else sample_rows(rows),
            timed=None if runs is None else runs.timed,
            seconds=options.indexes.effort.seconds,
            progress=progress,
        )
        left += told(counts)
        bench = Workbench(snapshot, tuple(statements), here, options.machine, rows, progress)
        advised, unsaid = run_advisors(
            bench, options.chosen.advisors, options.chosen.advice.thresholds
        )
        left += unsaid
    report = Report(
        command="tune",
        target=snapshot.target,
        findings=(),
        skipped=(*skipped, *left, *options.chosen.switched_off),
        engine=snapshot.catalog.engine,
        server_version=snapshot.catalog.server.version,
        database=snapshot.catalog.server.database,
        objects_read={"query": len(tuning.queries), "table": len(snapshot.catalog.tables)},
        fail_on=options.fail_on,
        tuning=tuning,
    )
    return shown(report, [*findings, *rewritten, *advised], options)


def shown(report: Report, findings: Sequence[Finding], options: TuneOptions) -> Report:
    """The report with these findings as well, as far as dbwright.toml lets them be seen; worst
    first, and those of one severity in the order in which they came."""
    skipped: list[Skipped] = []
    seen: tuple[Finding, ...] = tuple(findings)
    for rules in options.chosen.topics:
        seen, ignored = rules.applied(seen)
        skipped += ignored
    every = sorted((*report.findings, *seen), key=lambda finding: finding.severity.rank)
    found = {finding.rule for finding in every}
    texts = {
        rule.id: RuleText(rule.title, rule_page(rule))
        for rule in (*described_pages(), *described_advisors(), *described_rewrites())
        if rule.id in found
    }
    return replace(report, findings=tuple(every), skipped=(*report.skipped, *skipped), rules=texts)


def _copied(
    stack: ExitStack,
    snapshot: Snapshot,
    statements: Sequence[Weighted],
    options: TuneOptions,
    progress: Progress,
) -> Copy | None:
    """Rows of all tables that the statements name."""
    if options.rows is None:
        return None
    names = {
        relation.qualified
        for query in statements
        for relation in query.scoped.relations
        if relation.stored and relation.qualified is not None
    }
    return stack.enter_context(
        copy(
            snapshot,
            options.rows.url,
            sorted(names),
            rows=options.rows.each,
            most_bytes=options.rows.most_bytes,
            progress=progress,
        )
    )


def _measured(
    rows: Copy,
    statements: Sequence[Weighted],
    tuning: Tuning,
    candidates: Sequence[CandidateIndex],
    options: TuneOptions,
    progress: Progress,
) -> tuple[Tuning, tuple[CandidateIndex, ...], tuple[Skipped, ...]]:
    """What is left of the advice after it was tried, with what was measured."""
    measured, skipped = measure(
        rows,
        statements,
        tuning,
        candidates,
        statement_seconds=options.statement_seconds,
        progress=progress,
    )
    left, kept = left_of(tuning, candidates, measured)
    return replace(left, measured=measured), kept, skipped


def _of_indexes(
    snapshot: Snapshot, tuning: Tuning, candidates: Sequence[CandidateIndex]
) -> Iterator[Finding]:
    yield from index_findings(snapshot, tuning, candidates)
    if tuning.measured is not None:
        constants = constants_finding(snapshot.catalog, tuning.measured)
        if constants is not None:
            yield constants

"""`dbwright explain`: a statement's plan, drawn and explained."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dbwright.configuration import Configuration
from dbwright.errors import FileUnreadable, UsageError
from dbwright.model.explanation import MEASURE, Explanation, Imagined
from dbwright.model.plan import Plan
from dbwright.model.report import RuleText, Skipped
from dbwright.model.rule_page import rule_page
from dbwright.model.snapshot import Snapshot
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress, silent
from dbwright.sql.explainable import explainable
from dbwright.target import DEFAULT_TARGET, SnapshotFile, Target, opened, resolve
from dbwright.tune.planner import plan_on
from dbwright.tune.plans.configure import Chosen, choose
from dbwright.tune.plans.describe import described
from dbwright.tune.plans.engine import run_insights

if TYPE_CHECKING:
    from dbwright.engines.postgresql.explain import Guard

__all__ = ["explain", "explain_statement", "explained"]

TIMEOUT = 30.0
STDIN = "-"
MEASURE_LIVE = "dbwright explain LIVE_DATABASE … --analyze"
MEASURE_VALUES = "dbwright explain … --analyze (no $1)"
MEASURE_CHANGES = "BEGIN; EXPLAIN ANALYZE …; ROLLBACK;"
"""In psql, where its locks do no harm: dbwright runs only what reads."""
MEASURE_PASTED = "EXPLAIN (ANALYZE, BUFFERS) …"


@operation(
    Effect.READS,
    name="explain",
    examples=(
        Example('dbwright explain "SELECT * FROM orders WHERE id = 7"', "DATABASE_URL's plan"),
        Example('dbwright explain shop "SELECT …" --analyze', "run it, and say where time went"),
        Example("dbwright explain --plan slow.txt", "a plan from anywhere, no server needed"),
        Example('dbwright explain --on shop.dbw "SELECT …"', "as production would plan it"),
        Example(
            "dbwright explain shop \"SELECT …\" --with-index 'orders (user_id)'",
            "as if it were there",
        ),
        Example("dbwright explain shop --file q.sql -o plan.html", "as a page"),
    ),
)
def explain(
    target: Annotated[
        str | None,
        Parameter(
            f"URL, snapshot, or a name in dbwright.toml; {DEFAULT_TARGET}",
            "TARGET",
            argument=True,
        ),
    ] = None,
    sql: Annotated[
        str | None, Parameter("the statement; - reads it from stdin", "SQL", argument=True)
    ] = None,
    *,
    file: Annotated[Path | None, Parameter("read the statement from a file", "FILE")] = None,
    on: Annotated[
        str | None, Parameter("the target, by name instead of by position", "TARGET")
    ] = None,
    analyze: Annotated[
        bool, Parameter("run it (a SELECT that changes nothing) and measure each node")
    ] = False,
    plan: Annotated[
        Path | None,
        Parameter("explain this output of EXPLAIN (in any format; - is stdin)", "FILE"),
    ] = None,
    with_index: Annotated[
        tuple[str, ...],
        Parameter("as if this index were there, such as 'shop.orders (user_id)'", "INDEX"),
    ] = (),
    timeout: Annotated[
        float | None, Parameter("seconds for running the statement [default: 30]", "SECONDS")
    ] = None,
    progress: Progress = silent,
    configuration: Configuration,
) -> Explanation:
    """Show how a statement is run, and what would make it faster.

    Without --analyze nothing is run: the planner says what it expects. With it a SELECT runs in a
    read-only transaction under a time-out; what could change anything is refused. A text with $1
    gets its generic plan. With --with-index it is planned on a throw-away twin that has the
    index, as large as it would be.
    """
    words = [word for word in (target, sql) if word is not None]
    asked = _asked(words, on, file, plan)
    if timeout is not None and timeout <= 0:
        raise UsageError("--timeout must be above 0", "give seconds, as 30")
    if with_index and (analyze or asked.plan is not None):
        what = "--analyze" if analyze else "--plan"
        raise UsageError(f"--with-index and {what} don't go together", "leave one of them out")
    # A mistake in the configuration is told before anything is reached.
    chosen = choose(configuration)
    if asked.plan is not None:
        return _of_pasted(asked, configuration, chosen, progress)
    return explain_statement(
        resolve(asked.target, configuration),
        asked.statement,
        indexes=with_index,
        analyze=analyze,
        timeout_seconds=timeout or TIMEOUT,
        progress=progress,
        chosen=chosen,
    )


def explain_statement(
    source: Target,
    sql: str,
    *,
    indexes: Sequence[str] = (),
    analyze: bool = False,
    timeout_seconds: float = TIMEOUT,
    progress: Progress = silent,
    chosen: Chosen,
    guard: Guard | None = None,
) -> Explanation:
    """The same of a statement on a target; `guard` judges one that nobody vouches for, before it is
    planned."""
    planned = plan_on(
        source,
        sql,
        analyze=analyze,
        indexes=indexes,
        timeout_seconds=timeout_seconds,
        progress=progress,
        guard=guard,
    )
    return explained(
        planned.plan,
        planned.snapshot,
        planned.skipped,
        target=planned.target,
        chosen=chosen,
        measure=_measure(source, sql),
        imagined=planned.imagined,
    )


def explained(
    plan: Plan,
    snapshot: Snapshot | None,
    skipped: tuple[Skipped, ...] = (),
    *,
    target: str = "",
    chosen: Chosen | None = None,
    measure: str = MEASURE,
    imagined: Imagined | None = None,
) -> Explanation:
    """The plan with what the insights say of it; `chosen` says which of them, and how. `measure`
    is what would run the statement."""
    chosen = chosen or choose(Configuration())
    run = run_insights(
        plan,
        chosen.insights,
        catalog=snapshot.catalog if snapshot is not None else None,
        statistics=snapshot.statistics if snapshot is not None else None,
        thresholds=chosen.rules.thresholds,
        severities=chosen.rules.severities,
        measure=measure,
    )
    shown = tuple(remark for remark in run.remarks if not chosen.rules.ignores(remark.finding))
    _, ignored = chosen.rules.applied(remark.finding for remark in run.remarks)
    fired = {remark.finding.rule for remark in shown}
    return Explanation(
        plan=plan,
        target=target or (snapshot.target if snapshot is not None else ""),
        remarks=shown,
        skipped=(*skipped, *run.skipped, *chosen.rules.switched_off, *ignored),
        rules={
            each.id: RuleText(each.title, rule_page(described(each)))
            for each in chosen.insights
            if each.id in fired
        },
        measure=measure,
        imagined=imagined,
    )


def _measure(source: Target, sql: str) -> str:
    """What would run the statement: nothing that is refused is proposed."""
    statement = explainable(sql)
    if statement.parameters:
        return MEASURE_VALUES
    if statement.changes:
        return MEASURE_CHANGES
    return MEASURE_LIVE if isinstance(source, SnapshotFile) else MEASURE


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the call means."""

    target: str | None
    statement: str = ""
    plan: str | None = None
    """The text of a plan."""
    plan_name: str = ""


def _asked(words: list[str], on: str | None, file: Path | None, plan: Path | None) -> _Asked:
    """The last word is the statement, unless it or its plan comes from a file; the one before it
    is the target, unless --on names it."""
    elsewhere = [name for name, path in (("--file", file), ("--plan", plan)) if path is not None]
    statement = words.pop() if words and not elsewhere else None
    if len(elsewhere) == 2 or len(words) > 1:
        both = " and ".join([*(["the statement"] if len(words) > 1 else []), *elsewhere])
        raise UsageError(f"{both} were given", "give one of them")
    if on is not None and words:
        raise UsageError("the target and --on were given", "give one of them")
    target = on or (words[0] if words else None)
    if plan is not None:
        name = "stdin" if str(plan) == STDIN else str(plan)
        return _Asked(target, plan=_read(plan), plan_name=name)
    if file is not None:
        return _Asked(target, _read(file))
    if statement is None or (target is None and "://" in statement and " " not in statement):
        raise UsageError(
            "no statement was given",
            'write: dbwright explain [TARGET] "SELECT …", or --file, or --plan',
        )
    return _Asked(target, sys.stdin.read() if statement == STDIN else statement)


def _read(path: Path) -> str:
    if str(path) == STDIN:
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None


def _of_pasted(
    asked: _Asked,
    configuration: Configuration,
    chosen: Chosen,
    progress: Progress,
) -> Explanation:
    """A plan from a file; a target that is named tells of its tables."""
    from dbwright.engines.postgresql.plan import read_plans

    assert asked.plan is not None
    plan, *others = read_plans(asked.plan)
    left: list[Skipped] = []
    if others:
        reason = f"{len(others) + 1} plans were given, and the first one is explained"
        left.append(Skipped("plans", reason, "give each one alone"))
    if asked.target is None:
        reason = "a plan alone tells no indexes and settings"
        left.append(Skipped("catalog", reason, "name the TARGET"))
        return explained(
            plan, None, tuple(left), target=asked.plan_name, chosen=chosen, measure=MEASURE_PASTED
        )
    source: Target = resolve(asked.target, configuration)
    with opened(source, progress=progress) as opened_source:
        return explained(
            plan,
            opened_source.snapshot,
            tuple(left),
            target=asked.plan_name,
            chosen=chosen,
            measure=MEASURE_PASTED,
        )

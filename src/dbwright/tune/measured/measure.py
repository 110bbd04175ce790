"""Index advice, measured: built on a copy with rows, run before and after, changed if it hurts."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dbwright.model.measured import Measured, MeasuredQuery
from dbwright.model.report import Skipped
from dbwright.model.tuning import Tuning
from dbwright.progress import Progress, silent
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.measured.answers import same_answers
from dbwright.tune.measured.constants import fit_constants
from dbwright.tune.measured.mend import mended
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.measured.trial import Trial, on_trial
from dbwright.tune.measured.writes import measure_writes
from dbwright.tune.workload.weighted import Weighted

__all__ = ["measure"]

SECONDS = 900.0
STATEMENT_SECONDS = 60.0
TEXT_SHOWN = 80


def measure(
    copy: Copy,
    statements: Sequence[Weighted],
    tuning: Tuning,
    candidates: Sequence[CandidateIndex],
    *,
    seconds: float = SECONDS,
    statement_seconds: float = STATEMENT_SECONDS,
    progress: Progress = silent,
) -> tuple[Measured, tuple[Skipped, ...]]:
    """Try the advised indexes (`candidates` in the order of `tuning.indexes`) and drops on a copy
    with all rows of the tables that the statements read.

    Queries that read are run where their plan changes; those that write are only planned.
    `seconds`: after that nothing more is begun; `statement_seconds`: no statement runs longer. The
    copy is left as it was, but for the order of some rows. What could not be tried is told.
    Raises psycopg.Error where the copy's server is gone.
    """
    began = time.monotonic()
    limits = Limits(statement_seconds, began + seconds)
    skipped: list[Skipped] = []
    with copy.connect() as connection:
        connection.prepare_threshold = None
        stage = Stage(copy, connection)
        try:
            skipped += stage.build(tuning.indexes, candidates, limits.deadline, progress)
            stage.add_drops(tuning.drops, tuning.indexes, candidates)
            trials = _trials(stage, statements, limits, skipped, progress)
            worth = {n: advice.saved_last for n, advice in enumerate(tuning.indexes)}
            found = mended(stage, trials, worth, limits, progress)
            queries = [_told(stage, trial, found.state, limits) for trial in trials]
            constants = fit_constants(stage, trials, found.state, limits, progress)
            stage.drop(sorted(stage.built.keys() - found.state.made))
            writes = list(measure_writes(stage, statements, found.state, limits, progress))
        finally:
            if not connection.closed and not connection.broken:
                stage.drop(stage.there)
    kept = tuple(sorted(found.state.made & stage.built.keys()))
    drops = tuple(
        place
        for place in range(len(tuning.drops))
        if stage.stays(len(tuning.indexes) + place, found.state)
    )
    measured = Measured(
        queries=tuple(sorted(queries, key=_order)),
        indexes=tuple(stage.built[number] for number in kept),
        dropped=found.dropped,
        kept=kept,
        drops=drops,
        taken_back=found.taken_back,
        writes=tuple(writes),
        constants=constants,
        refused=found.refused,
        reason=found.reason,
        seconds=time.monotonic() - began,
    )
    return measured, tuple(skipped)


def _trials(
    stage: Stage,
    statements: Sequence[Weighted],
    limits: Limits,
    skipped: list[Skipped],
    progress: Progress,
) -> list[Trial]:
    """Those whose plans gain most first, in case the time is over before all were run."""
    found: list[tuple[float, int, Trial]] = []
    for number, query in enumerate(statements):
        progress("planning on the copy", number, len(statements))
        trial = on_trial(stage, query, limits)
        if trial is None:
            text = " ".join(query.query.text.split())[:TEXT_SHOWN]
            skipped.append(Skipped("tune.measured", "can't be planned on the copy", "", (text,)))
            continue
        saved = query.weight * abs(trial.base.cost - trial.plan(stage.everything).cost)
        found.append((-saved, number, trial))
    return [trial for _, _, trial in sorted(found, key=lambda one: one[:2])]


def _told(stage: Stage, trial: Trial, state: State, limits: Limits) -> MeasuredQuery:
    changed = trial.changes(state)
    times = trial.times(state) if changed else None
    equal, note = None, trial.reason
    if times is not None and not any(run.timed_out for run in times):
        same = same_answers(
            stage, trial.statement, stage.copy.snapshot.catalog, State(), state, limits
        )
        equal, note = same.equal, same.note
    elif times is not None:
        note = "its rows were not compared: it was ended by the time-out"
    elif changed and not note:
        note = "no time was left to run it"
    plan = trial.plan(state)
    return MeasuredQuery(
        text=trial.query.query.text,
        statement=trial.statement,
        fingerprint=trial.query.query.fingerprint,
        calls=trial.query.query.calls,
        weight=trial.query.weight,
        cost_before=trial.base.cost,
        cost_after=plan.cost,
        changed=changed,
        before=None if times is None else times[0],
        after=None if times is None else times[1],
        equal=equal,
        note=note,
        indexes=stage.names(plan.used),
    )


def _order(query: MeasuredQuery) -> tuple[bool, float, str, str]:
    gained = 0.0
    if query.before is not None and query.after is not None:
        gained = query.weight * (query.before.seconds - query.after.seconds)
    return not query.slower, -gained, query.text, query.statement

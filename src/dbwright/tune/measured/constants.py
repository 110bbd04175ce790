"""The planner's cost constants, fitted to the host: from times of plans to settings, tried.

Fitted constants are a guess until the queries whose plans they change were run with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import psycopg

from dbwright.model.measured import CostConstants
from dbwright.progress import Progress
from dbwright.tune.measured.fit import DEFAULTS, Observation, error_of, fit
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.measured.trial import BASE, Trial

__all__ = ["fit_constants"]

LEAST_SECONDS = 0.00005
"""Of a plan: what is shorter is mostly starting up."""
FEWEST_PLANS = 6
FASTER = 0.95
"""Of the time of the queries whose plans change: at most that much, or it is chance."""
WORTH = 0.02
"""Of the time of all that was measured: what saves less is no reason to set anything for all."""
MOVED = 1.01
FINER = 1000.0
"""EXPLAIN shows costs with two decimals; all constants times as much are the same plans."""
COSTS = (*DEFAULTS, "parallel_setup_cost", "parallel_tuple_cost")


def fit_constants(
    stage: Stage, trials: Sequence[Trial], state: State, limits: Limits, progress: Progress
) -> CostConstants | None:
    """Fit them to all plans that were timed, and try them on the queries whose plans they change,
    in the state that was decided for. None where there is too little to go by.

    Raises psycopg.Error where the copy's server is gone.
    """
    progress("fitting cost constants")
    current = _current(stage)
    observations = list(_observations(stage, trials, state, current))
    if len(observations) < FEWEST_PLANS or limits.over:
        return None
    fitted = fit(observations)
    told = CostConstants(
        before={name: current[name] for name in DEFAULTS},
        fitted=dict(fitted.constants),
        plans=len(observations),
        error_before=error_of(observations, current),
        error_after=fitted.error,
    )
    with_them = State(
        state.made, tuple((name, f"{value:.6g}") for name, value in fitted.constants.items())
    )
    return _tried(told, trials, state, with_them, limits)


def _tried(
    told: CostConstants,
    trials: Sequence[Trial],
    state: State,
    with_them: State,
    limits: Limits,
) -> CostConstants:
    changed = [trial for trial in trials if trial.changes(with_them, state)]
    before = after = 0.0
    slower = untold = 0
    for trial in changed:
        times = trial.times(with_them, state)
        if times is None:
            untold += 1
            continue
        before += trial.query.weight * times[0].seconds
        after += trial.query.weight * times[1].seconds
        slower += trial.slower(with_them, state)
    if not changed:
        reason = "no plan changes with them"
    elif untold:
        reason = f"{untold} of the queries whose plan changes with them could not be run"
    elif slower:
        reason = f"{slower} of {len(changed)} queries would be slower"
    elif after > FASTER * before:
        reason = "the workload would not be faster"
    elif before - after < WORTH * _all_of(trials, state):
        reason = f"of the workload's time they would save less than {WORTH:.0%}"
    else:
        reason = ""
    return CostConstants(
        before=told.before,
        fitted=told.fitted,
        plans=told.plans,
        error_before=told.error_before,
        error_after=told.error_after,
        changed=len(changed),
        seconds_before=before,
        seconds_after=after,
        slower=slower,
        better=not reason,
        reason=reason,
    )


def _all_of(trials: Sequence[Trial], state: State) -> float:
    """Seconds of the queries that were run in the state that was decided for."""
    found = [(trial.query.weight, trial.times(state)) for trial in trials if trial.changes(state)]
    return sum(weight * times[1].seconds for weight, times in found if times is not None)


def _current(stage: Stage) -> dict[str, float]:
    rows = stage.connection.execute(
        "SELECT name, setting::float8 FROM pg_settings WHERE name = ANY (%s)", (list(COSTS),)
    )
    return dict(rows.fetchall())


def _observations(
    stage: Stage, trials: Sequence[Trial], state: State, current: Mapping[str, float]
) -> Iterator[Observation]:
    """One for each different plan that was timed."""
    seen: set[tuple[str, str]] = set()
    for trial in trials:
        if not trial.changes(state):
            continue
        times = trial.times(state)
        if times is None:
            continue
        for one, run in ((BASE, times[0]), (state, times[1])):
            key = (trial.statement, trial.plan(one).shape)
            if key in seen or run.timed_out or run.seconds < LEAST_SECONDS:
                continue
            seen.add(key)
            found = _counted(stage, trial, one, run.seconds, current)
            if found is not None:
                yield found


def _counted(
    stage: Stage, trial: Trial, state: State, seconds: float, current: Mapping[str, float]
) -> Observation | None:
    """How often the plan's cost holds each constant; None where it does not stay the same plan."""
    scaled = {name: value * FINER for name, value in current.items()}
    try:
        plain = _cost(stage, trial, state, scaled)
        moved = {
            name: _cost(stage, trial, state, {**scaled, name: scaled[name] * MOVED})
            for name in DEFAULTS
            if scaled[name] > 0
        }
    except psycopg.Error:
        if stage.connection.broken or stage.connection.closed:
            raise
        return None
    if plain is None or any(cost is None for cost in moved.values()):
        return None
    counts = {
        name: max(0.0, (cost - plain) / (scaled[name] * (MOVED - 1)))
        for name, cost in moved.items()
        if cost is not None
    }
    own = sum(count * current[name] for name, count in counts.items())
    rest = max(0.0, plain / FINER - own) / max(1e-9, current["seq_page_cost"])
    rest = rest if rest > 1e-3 * plain / FINER else 0.0
    observation = Observation(seconds, counts, rest)
    return observation if observation.cost(DEFAULTS) > 0 else None


def _cost(stage: Stage, trial: Trial, state: State, constants: Mapping[str, float]) -> float | None:
    """None where another plan is chosen."""
    settings = tuple((name, repr(value)) for name, value in constants.items())
    plan = stage.plan(trial.statement, State(state.made, (*state.settings, *settings)))
    return plan.cost if plan.shape == trial.plan(state).shape else None

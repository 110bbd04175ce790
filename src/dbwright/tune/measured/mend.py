"""A set of changes that slows a query is changed itself until it slows none, or refused.

What the slow query has to do with is taken back one by one: indexes dropped that it used before,
new ones that it uses, the one that the workload would miss least first; then all of them together,
with those that the planner takes instead. The first with which the query is not slower any more is
taken back for good, and all are measured again.

Then new indexes go with which nothing got faster: the planner wants them, and the clock says that
they are room and writes for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbwright.model.measured import DroppedIndex, Run
from dbwright.progress import Progress
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.measured.trial import BASE, Trial

__all__ = ["Mended", "mended"]

ROUNDS = 6
GAIN = 0.05
"""Of the time of the queries that use an index: with less it is not worth having."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What is left of a set."""

    state: State
    dropped: tuple[DroppedIndex, ...] = ()
    """New ones that are not to be made."""
    taken_back: tuple[DroppedIndex, ...] = ()
    """Existing ones that are not to be dropped."""
    refused: bool = False
    reason: str = ""


def mended(
    stage: Stage,
    trials: Sequence[Trial],
    worth: Mapping[int, float],
    limits: Limits,
    progress: Progress,
) -> Mended:
    """Measure all of them with all changes, and mend the set. `worth`: of each new index, what
    the workload loses without it.

    Raises psycopg.Error where the copy's server is gone.
    """
    lost: dict[bool, list[DroppedIndex]] = {True: [], False: []}

    def told(state: State, reason: str = "") -> Mended:
        return Mended(state, tuple(lost[True]), tuple(lost[False]), bool(reason), reason)

    state, reason = _mended(stage, trials, stage.everything, worth, limits, progress, lost)
    if reason:
        # Indexes that can go whatever becomes of the new ones: they are no part of what failed.
        rest = State(frozenset(n for n in stage.gone if n in state.made and not stage.needs(n)))
        rest, slow = _mended(stage, trials, rest, worth, limits, progress, lost)
        return told(State() if slow else _known(trials, rest), reason)
    nothing_left = stage.built and not state.made & stage.built.keys()
    if nothing_left and any(index.after.slower_than(index.before) for index in lost[True]):
        return told(state, "each of the indexes makes a query slower")
    return told(state)


def _mended(
    stage: Stage,
    trials: Sequence[Trial],
    state: State,
    worth: Mapping[int, float],
    limits: Limits,
    progress: Progress,
    lost: Mapping[bool, list[DroppedIndex]],
) -> tuple[State, str]:
    """What is left of the state, and why it can't be had: empty where it can. What leaves it is
    added to `lost`, by whether it is a new index."""
    for _ in range(ROUNDS):
        slow = _slowest(trials, state, progress)
        if slow is None:
            idle = dict(_idle(stage, trials, state))
            if not idle:
                return state, ""
            lost[True].extend(idle.values())
            state = state.without(frozenset(idle))
            continue
        if limits.over:
            return state, _slowed(slow, state, "no time was left to mend that")
        removed = _removal(slow, state, worth)
        if not removed:
            break
        for number, index in _taken(stage, slow, state, removed, worth):
            lost[number in stage.built].append(index)
        state = state.without(removed)
    slow = _slowest(trials, state, progress)
    return state, "" if slow is None else _slowed(slow, state, "nothing mends that")


def _known(trials: Sequence[Trial], state: State) -> State:
    """Without the drops of indexes that a query used which there was no time to run without."""
    for trial in trials:
        if not trial.reason and trial.changes(state) and trial.times(state) is None:
            state = state.without(trial.base.used)
    return state


def _idle(
    stage: Stage, trials: Sequence[Trial], state: State
) -> Iterator[tuple[int, DroppedIndex]]:
    """New indexes that queries use, all of which were run, and take as long as before; none that
    does the work of others. The fastest runs are compared: what else the machine does makes runs
    long, and none short."""
    for number in sorted(state.made & stage.built.keys()):
        if stage.with_dependents(frozenset({number})) & state.made != {number}:
            continue
        users = [trial for trial in trials if number in trial.plan(state).used]
        timed = [(trial, times) for trial in users if (times := trial.times(state)) is not None]
        if not users or len(timed) < len(users) or any(run[0].timed_out for _, run in timed):
            continue
        before, after = (
            sum(trial.query.weight * runs[place].fastest_seconds for trial, runs in timed)
            for place in (0, 1)
        )
        if after <= (1 - GAIN) * before:
            continue
        trial, runs = max(timed, key=lambda one: one[0].query.weight * one[1][0].seconds)
        index = stage.built[number]
        reason = f"no query is faster with it: one takes {runs[1]}, and {runs[0]} before"
        text = trial.query.query.text
        yield number, DroppedIndex(index.name, index.table, text, runs[0], runs[1], reason)


def _slowed(slow: Trial, state: State, why: str) -> str:
    before, after = slow.times(state) or (None, None)
    text = " ".join(slow.query.query.text.split())[:80]
    return f"a query is slower with it ({before} before, {after} after), and {why}: {text}"


def _slowest(trials: Sequence[Trial], state: State, progress: Progress) -> Trial | None:
    """The one that lost most."""
    lost: list[tuple[float, int, Trial]] = []
    affected = [trial for trial in trials if not trial.reason and trial.changes(state)]
    for number, trial in enumerate(affected):
        progress("running queries on the copy", number, len(affected))
        if trial.slower(state):
            times = trial.times(state)
            assert times is not None
            lost.append((_factor(*times), -number, trial))
    return max(lost)[2] if lost else None


def _factor(before: Run, after: Run) -> float:
    return float("inf") if after.timed_out else after.seconds / max(1e-9, before.seconds)


def _removal(slow: Trial, state: State, worth: Mapping[int, float]) -> frozenset[int]:
    """The fewest changes without which it is not slower; empty where none was found."""
    for attempt in _attempts(slow, state, worth):
        removed = slow.stage.with_dependents(attempt) & state.made
        if not slow.slower(state.without(removed)):
            return removed
    return frozenset()


def _attempts(slow: Trial, state: State, worth: Mapping[int, float]) -> Iterator[frozenset[int]]:
    used = (slow.plan(BASE).used | slow.plan(state).used) & state.made
    for number in sorted(used, key=lambda number: (worth.get(number, 0.0), number)):
        yield frozenset({number})
    together = used
    while together:
        if len(together) > 1:
            yield together
        more = slow.plan(state.without(together)).used & (state.made - together)
        if not more:
            return
        together |= more


def _taken(
    stage: Stage,
    slow: Trial,
    state: State,
    removed: frozenset[int],
    worth: Mapping[int, float],
) -> Iterator[tuple[int, DroppedIndex]]:
    times = slow.times(state)
    assert times is not None
    for number in sorted(removed):
        index = stage.built[number] if number in stage.built else stage.gone[number]
        how = "with" if number in stage.built else "without"
        # Who has a better way for that one query may want to know what the index is worth.
        lost = f"; for the workload it saves {worth[number]:,.0f}" if number in worth else ""
        yield (
            number,
            DroppedIndex(
                name=index.name,
                table=index.table,
                query=slow.query.query.text,
                before=times[0],
                after=times[1],
                reason=f"{how} it a query takes {times[1]} instead of {times[0]}{lost}",
            ),
        )

"""The statements of a workload on a stage: which can be run, and how long each takes in each state.

A statement is run again only where a state gives it a plan that it has not been timed with.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.runnable import called, require_harmless
from dbwright.errors import StatementNotRun, StatementRejected
from dbwright.model.measured import Run
from dbwright.sql.explainable import explainable
from dbwright.tune.measured.plan_on_copy import PlanOnCopy
from dbwright.tune.measured.runs import Limits, NotRun, pair
from dbwright.tune.measured.stage import Stage, State
from dbwright.tune.workload.weighted import Weighted

__all__ = ["BASE", "Trial", "on_trial"]

BASE = State()
"""No new index, and production's settings."""
NO_TIME = "no time was left"


@dataclass
class Trial:
    """One statement."""

    stage: Stage
    query: Weighted
    limits: Limits
    base: PlanOnCopy
    reason: str = ""
    """Why it is not run; empty where it is."""

    def __post_init__(self) -> None:
        self._plans: dict[State, PlanOnCopy] = {BASE: self.base}
        self._runs: dict[tuple[str, str], tuple[Run, Run]] = {}

    @property
    def statement(self) -> str:
        return self.query.statement

    def plan(self, state: State) -> PlanOnCopy:
        """Its plan in a state. Raises psycopg.Error where the copy's server is gone."""
        if state not in self._plans:
            self._plans[state] = self.stage.plan(self.statement, state)
        return self._plans[state]

    def changes(self, state: State, since: State = BASE) -> bool:
        """Has it another plan there?"""
        return self.plan(state).shape != self.plan(since).shape

    def times(self, state: State, since: State = BASE) -> tuple[Run, Run] | None:
        """Its times in `since` and in the state; None where it is not run (see `reason`)."""
        key = (self.plan(since).shape, self.plan(state).shape)
        if key not in self._runs:
            if self.reason or self.limits.over:
                return None
            try:
                runs = pair(self.stage, self.statement, since, state, self.limits)
                if runs[1].slower_than(runs[0]) and not self.limits.over:
                    # Once may be by chance.
                    again = pair(self.stage, self.statement, since, state, self.limits)
                    runs = runs if again[1].slower_than(again[0]) else again
            except NotRun as problem:
                self.reason = str(problem)
                return None
            self._runs[key] = runs
        return self._runs[key]

    def slower(self, state: State, since: State = BASE) -> bool:
        """Is it slower there, by the rule of `Run.slower_than`?"""
        if not self.changes(state, since):
            return False
        times = self.times(state, since)
        return times is not None and times[1].slower_than(times[0])


def on_trial(stage: Stage, query: Weighted, limits: Limits) -> Trial | None:
    """None where the copy's planner does not take it.

    Raises psycopg.Error where the copy's server is gone.
    """
    try:
        base = stage.plan(query.statement, BASE)
        reason = _why_not_run(stage, query, base)
    except psycopg.Error:
        if stage.connection.broken or stage.connection.closed:
            raise
        return None
    return Trial(stage, query, limits, base, reason)


def _why_not_run(stage: Stage, query: Weighted, base: PlanOnCopy) -> str:
    try:
        statement = explainable(query.statement)
    except StatementRejected as problem:
        return problem.message
    if statement.changes:
        return f"{statement.changes}, so it is planned and not run"
    for name in sorted(base.relations):
        copied = stage.copy.tables.get(name)
        if copied is None:
            return f"the copy has no rows of {name}"
        if copied.sampled:
            return f"the copy has only some rows of {name}"
    with stage.at(BASE):
        row = stage.connection.execute(
            f"EXPLAIN (VERBOSE, FORMAT JSON) {query.statement}".encode()
        ).fetchone()
        assert row is not None
        try:
            require_harmless(stage.connection, called(query.statement, read_plan(row[0])))
        except StatementNotRun as problem:
            return f"it is not run: {problem.message.partition(', and ')[2]}"
    return ""

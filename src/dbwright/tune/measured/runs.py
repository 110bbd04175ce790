"""Running a statement in two states by turns: what else the machine does hits both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.engines.postgresql.session import first_line
from dbwright.model.measured import Run
from dbwright.tune.measured.stage import Stage, State

__all__ = ["Limits", "NotRun", "pair"]

PAIRS = 5
FEW_PAIRS = 3
LONG_SECONDS = 4.0
VERY_LONG_SECONDS = 10.0
"""A statement that takes that long is run fewer times: three times, once."""


class NotRun(Exception):
    """The statement could not be run: `str()` says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long all may take."""

    statement_seconds: float
    deadline: float
    """Of `time.monotonic()`."""

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.deadline


def pair(
    stage: Stage,
    statement: str,
    one: State,
    other: State,
    limits: Limits,
    *,
    rewritten: str | None = None,
) -> tuple[Run, Run]:
    """Run it in both states (in the other one what it was rewritten to, where that is given). Each
    is warmed up once, which does not count where more follows.

    Raises NotRun; psycopg.OperationalError where the copy's server is gone.
    """
    states = (one, other)
    texts = (statement, rewritten or statement)
    seconds = limits.statement_seconds
    warm = [_once(stage, text, state, seconds) for text, state in zip(texts, states, strict=True)]
    runs: tuple[list[Run], list[Run]] = ([], [])
    for turn in range(max(_repetitions(run) for run in warm)):
        for number in (0, 1) if turn % 2 == 0 else (1, 0):
            if turn < _repetitions(warm[number]) and not (turn > 0 and limits.over):
                runs[number].append(_once(stage, texts[number], states[number], seconds))
    first, second = (_median(own) if own else run for own, run in zip(runs, warm, strict=True))
    return first, second


def _repetitions(warm: Run) -> int:
    if warm.timed_out:
        return 0
    if warm.seconds > VERY_LONG_SECONDS:
        return 1
    return FEW_PAIRS if warm.seconds > LONG_SECONDS else PAIRS


def _once(stage: Stage, statement: str, state: State, most_seconds: float) -> Run:
    try:
        with stage.at(state, most_seconds):
            row = stage.connection.execute(
                f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}".encode()
            ).fetchone()
    except psycopg.errors.QueryCanceled:
        return Run(most_seconds, timed_out=True)
    except psycopg.Error as problem:
        if stage.connection.broken or stage.connection.closed:
            raise
        raise NotRun(f"it fails on the copy: {first_line(problem)}") from None
    assert row is not None
    plan = read_plan(row[0])
    buffers = plan.root.buffers
    seconds = plan.execution_seconds or 0.0
    return Run(
        seconds=seconds,
        fastest_seconds=seconds,
        buffers_hit=0 if buffers is None else buffers.shared_hit,
        buffers_read=0 if buffers is None else buffers.shared_read,
        temporary_blocks=0
        if buffers is None
        else buffers.temporary_read + buffers.temporary_written,
        rows=round(plan.root.total_rows or 0),
    )


def _median(runs: Sequence[Run]) -> Run:
    """The run in the middle."""
    timed = [run for run in runs if not run.timed_out]
    if len(timed) <= len(runs) // 2:
        return runs[[run.timed_out for run in runs].index(True)]
    middle = sorted(runs, key=lambda run: (run.timed_out, run.seconds))[(len(runs) - 1) // 2]
    spread = statistics.median(abs(run.seconds - middle.seconds) for run in timed)
    return replace(
        middle,
        repetitions=len(runs),
        fastest_seconds=min(run.seconds for run in timed),
        spread_seconds=spread,
    )

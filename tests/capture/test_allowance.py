"""Recording pauses where it would cost too much, and what is missed is estimated."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright import capture
from dbwright.capture import Recorder
from dbwright.capture.allowance import COST, Allowance
from dbwright.engines.capture_file import read_capture
from servers.postgresql import Database

BATCH = 64


def run(share: float, rate: float, lasts: float) -> tuple[int, float, float]:
    """An application that sends at a steady rate, on a clock of our own: events recorded, missed
    and sent."""
    allowance = Allowance(share, 0.0)
    now = 0.0
    while now < lasts:
        now += BATCH / rate
        resume_at = allowance.spend(BATCH, now)
        if resume_at is not None:
            now = resume_at
            allowance.resume(now)
    allowance.spend(0, now)
    recorded, missed = allowance.take(now, paused=False)
    return recorded, missed, rate * now


@settings(deadline=None)
@given(st.floats(100, 0.9 * 0.02 / COST))
def test_up_to_the_share_everything_is_recorded(rate: float) -> None:
    recorded, missed, sent = run(0.02, rate, 20.0)
    assert missed == 0
    assert recorded == pytest.approx(sent, abs=BATCH)


@settings(deadline=None)
@given(st.floats(1.2 * 0.02 / COST, 100_000))
def test_above_it_costs_the_share_and_the_rest_is_estimated(rate: float) -> None:
    recorded, missed, sent = run(0.02, rate, 60.0)
    assert recorded * COST <= 0.02 * sent / rate * 1.1 + 2100 * COST
    assert recorded + missed == pytest.approx(sent, rel=0.1)


def test_a_burst_is_recorded_in_full() -> None:
    assert run(0.02, 50_000, 0.03)[1] == 0


def test_a_slow_machine_gets_earlier_pauses() -> None:
    allowance = Allowance(0.02, 0.0)
    pauses = [allowance.spend(BATCH, n * 0.01, 64 * 100e-6) is not None for n in range(1, 50)]
    assert any(pauses)
    allowance = Allowance(0.02, 0.0)
    assert not any(allowance.spend(BATCH, n * 0.1, 64 * 1e-6) for n in range(1, 50))


def send(database: Database, recorder: Recorder, times: int) -> None:
    factory = capture.cursor_factory(recorder)
    with psycopg.connect(database.url, autocommit=True, cursor_factory=factory) as connection:
        for number in range(times):
            connection.execute("SELECT %s::int", (number,))


def test_a_quick_loop_is_estimated_and_told(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, share=0.005) as recorder:
        send(database, recorder, 30_000)
    assert recorder.problem is None
    reading = read_capture(path)
    (query,) = reading.workload.queries
    assert 10_000 < query.calls < 90_000
    assert not reading.conversation.complete
    (told,) = reading.skipped
    assert "scaled up" in told.reason


def test_all_is_recorded_where_that_is_wanted(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, share=1) as recorder:
        send(database, recorder, 20_000)
    reading = read_capture(path)
    assert [query.calls for query in reading.workload.queries] == [20_000]
    assert reading.skipped == ()


def test_recording_goes_on_after_a_pause(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, share=0.01) as recorder:
        factory = capture.cursor_factory(recorder)
        assert "execute" in vars(factory)
        with psycopg.connect(database.url, autocommit=True, cursor_factory=factory) as connection:
            seen = set()
            for _ in range(200_000):
                connection.execute("SELECT 1")
                seen.add("execute" in vars(factory))
                if seen == {True, False} and "execute" in vars(factory):
                    break
            else:
                pytest.fail("it never paused, or never went on")
    assert "execute" not in vars(factory)

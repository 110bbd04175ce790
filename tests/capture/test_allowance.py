"""Recording pauses where it would cost too much; what passes meanwhile is counted."""

from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capture.captured import captured

from dbwright import capture
from dbwright.capture import Recorder
from dbwright.capture.allowance import BURST, COST, PASSING, WHOLE, Allowance
from dbwright.engines.capture_file import read_capture
from servers.postgresql import Database

BATCH = 64
NOTING = COST / 2 / WHOLE
"""Seconds of noting one statement, and of adding it up, with which recording it costs COST."""


def run(share: float, rate: float, lasts: float) -> tuple[int, int, float]:
    """An application that sends at a steady rate, on a clock of our own: statements recorded,
    passed, and seconds."""
    allowance = Allowance(share, 0.0)
    now, recorded, passed = 0.0, 0, 0
    while now < lasts:
        now += BATCH / rate
        recorded += BATCH
        resume_at = allowance.spend(BATCH, now, BATCH * NOTING, NOTING)
        while resume_at is not None:
            calls = round((resume_at - now) * rate)
            passed += calls
            now = resume_at
            resume_at = allowance.resume(now, calls)
    return recorded, passed, now


@settings(deadline=None)
@given(st.floats(100, 0.9 * 0.02 / COST))
def test_up_to_the_share_everything_is_recorded(rate: float) -> None:
    assert run(0.02, rate, 20.0)[1] == 0


@settings(deadline=None)
@given(st.floats(1.2 * 0.02 / COST, 20_000), st.sampled_from([0.005, 0.01, 0.02, 0.2]))
def test_above_it_costs_the_share(rate: float, share: float) -> None:
    recorded, passed, seconds = run(share, rate, 60.0)
    saved, may = 5 * BURST, share * seconds
    assert (recorded - saved) * COST + min(passed * PASSING * COST, may / 2) <= 1.02 * may
    assert recorded * COST >= may / 3 or not passed  # and is used


def test_an_application_that_no_share_is_enough_for_is_still_recorded() -> None:
    recorded, passed, seconds = run(0.001, 100_000, 100.0)
    assert recorded > 10 * BURST
    assert recorded * COST <= 0.001 * seconds + 3 * BURST * COST
    assert passed > recorded


def test_a_burst_is_recorded_in_full() -> None:
    assert run(0.02, 50_000, 0.03)[1] == 0


def test_what_recording_costs_is_measured() -> None:
    def pauses(adding: float, noting: float) -> bool:
        allowance = Allowance(0.02, 0.0)
        return any(
            allowance.spend(BATCH, n * 0.05, BATCH * adding, noting) is not None
            for n in range(1, 200)
        )

    assert not pauses(1e-6, 1e-6)
    assert pauses(100e-6, 1e-6)
    assert pauses(1e-6, 100e-6)


def test_the_thread_that_writes_is_paid_for() -> None:
    allowance = Allowance(0.02, 0.0)
    assert allowance.spend(BATCH, 1.0) is None
    allowance.charge(0.1)
    resume_at = allowance.spend(BATCH, 1.1)
    assert resume_at is not None
    assert resume_at > 1.1 + 0.08 / 0.02
    assert allowance.resume(resume_at, 0) is None
    # Work that came in between puts the end of the pause off.
    assert allowance.spend(10_000, resume_at) is not None
    assert allowance.resume(resume_at + 0.1, 0) is not None


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_a_share_that_is_none(tmp_path: Path, share: float) -> None:
    with pytest.raises(ValueError, match="share must be above 0 and at most 1"):
        Recorder(tmp_path / "c.jsonl", share=share)


def send(database: Database, recorder: Recorder, times: int) -> None:
    factory = capture.cursor_factory(recorder)
    with psycopg.connect(database.url, autocommit=True, cursor_factory=factory) as connection:
        for number in range(times):
            connection.execute("SELECT %s::int", (number,))


def test_a_quick_loop_is_counted_in_full_and_recorded_in_part(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, share=0.005) as recorder:
        threads = [threading.Thread(target=send, args=(database, recorder, 5000)) for _ in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert recorder.problem is None
    found = captured(path)
    assert found.missed > 1000
    assert sum(calls["calls"] for calls in found.calls.values()) + found.missed == 10_000
    reading = read_capture(path)
    (query,) = reading.workload.queries
    assert query.calls == pytest.approx(10_000, abs=2)
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


def closed(recorder: Recorder) -> Recorder:
    recorder.gate.closed = True
    return recorder


def test_recording_goes_on_after_a_pause(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path, share=0.01) as recorder:
        factory = capture.cursor_factory(recorder)
        with psycopg.connect(database.url, autocommit=True, cursor_factory=factory) as connection:
            turns = [recorder.gate.closed]
            for _ in range(200_000):
                connection.execute("SELECT 1")
                if recorder.gate.closed is not turns[-1]:
                    turns.append(recorder.gate.closed)
                if len(turns) == 3:
                    break
            else:
                pytest.fail("it never paused, or never went on")
    assert "execute" not in vars(factory)


def test_in_a_pause_statements_do_what_they_did(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with Recorder(path) as recorder:
        factory = capture.cursor_factory(closed(recorder))
        with psycopg.connect(database.url, cursor_factory=factory) as connection:
            cursor = connection.cursor()
            assert cursor.execute("SELECT 1", prepare=False, binary=True) is cursor
            assert cursor.fetchall() == [(1,)]
            cursor.executemany("SELECT %s", [(1,), (2,)])
            assert list(cursor.stream("SELECT 2")) == [(2,)]
            with cursor.copy("COPY (SELECT 3) TO STDOUT") as copy:
                assert list(copy.rows()) == [("3",)]
            with pytest.raises(psycopg.errors.DivisionByZero):
                cursor.execute("SELECT 1 / 0")
    found = captured(path)
    assert (found.texts, found.missed) == ([], 5)


def test_in_a_pause_async_ones_do(database: Database, tmp_path: Path) -> None:
    async def work(recorder: Recorder) -> list[Any]:
        factory = capture.async_cursor_factory(recorder)
        async with await psycopg.AsyncConnection.connect(
            database.url, cursor_factory=factory
        ) as connection:
            rows = await (await connection.execute("SELECT %s", ("x",), binary=True)).fetchall()
            with pytest.raises(psycopg.errors.DivisionByZero):
                await connection.execute("SELECT 1 / 0")
            return rows

    with Recorder(tmp_path / "c.jsonl") as recorder:
        assert asyncio.run(work(closed(recorder))) == [("x",)]
        assert recorder.gate.passed == 2
        recorder.gate.closed = False
        assert asyncio.run(work(recorder)) == [("x",)]
        execute = capture.async_cursor_factory(recorder).execute
        assert asyncio.iscoroutinefunction(execute) or inspect.iscoroutinefunction(execute)
    assert captured(tmp_path / "c.jsonl").missed == 2


def test_a_transaction_that_a_pause_cuts_is_none_of_one_statement(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    url = f"postgresql+psycopg://dbwright@/{database.name}?host={database.server.socket_directory}"
    with Recorder(path, flush_seconds=3600) as recorder:
        engine = sqlalchemy.create_engine(url)
        capture.sqlalchemy(engine, recorder)
        factory = capture.cursor_factory(recorder)
        with engine.connect() as one, psycopg.connect(database.url, cursor_factory=factory) as two:
            for name in ("begins before", "and is whole", "begins inside"):
                one.exec_driver_sql("SELECT 1" if name == "and is whole" else "SELECT 2")
                two.execute("SELECT 3")
                if name == "begins before":
                    recorder._spend(recorder._add_pending())
                    recorder._totals.sequences.cut()
                    recorder.gate.closed = True
                    one.commit()
                    two.commit()
                    for connection in (one, two):
                        connection.rollback()
                    one.exec_driver_sql("SELECT 4")  # of a transaction that began in the pause
                    recorder._resume_at = 0.0
                    recorder._resume()
                    one.exec_driver_sql("SELECT 5")
                one.commit()
                two.commit()
        engine.dispose()
    assert recorder.problem is None
    found = captured(path)
    assert found.missed == 1
    # Two whole ones on each connection; the first, which was cut, and the rest of another are none.
    assert (found.transactions, found.of_one_statement) == (4, 4)

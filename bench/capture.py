"""What `dbwright.capture` costs an application: the same loop with and without it, in turns.

    python bench/capture.py [--rounds 500] [--seconds 0.015] [--only psycopg] [--cores all]

Two loops of each way to send statements, on the same machine by a unix socket: the worst case,
one-row SELECTs by primary key one right after the other, everything in memory; and statements of
about a millisecond (the server sleeps so long), which is what an application rather sends. Prints
for each loop microseconds a statement without recording, and how much more it is with recording as
it is by default (it pauses where it would cost more than a fiftieth of a core: `recorded` says
which share of the calls was seen), and with every call recorded (`Recorder(share=1)`). The limit
is 3%.

How: short blocks in the order without, with, with, without, of one process, on the same connection,
which the same process of the server answers. A round's figure is the ratio of its sums. Recording
goes by bursts and pauses, so a table's figure is the median of the rounds that were recorded and
the median of those that were not, each weighted by its share of the calls (other work on the
machine makes means useless), with the interval in which it lies for 95 of 100 draws of as many
rounds. What comes rarely is not in it: the thread that writes, every five seconds.

`processor` is the processor's time of the whole process, that thread's too, as a share of the wall
time without recording, all rounds together (the server's time is not in it).

By default all runs on one core (`--cores one`): a statement is quickest there, for nobody has to
wake another core, so that recording is dearest. Blocks without recording pay into the allowance of
the recorder, too; so it gets half the share that it has by default, to be what it is where an
application does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, declarative_base

from dbwright import capture
from dbwright.sandbox import Server, start

ROWS = 1000
SHARE = 0.02
"""Of one core, as the recorder has it by default."""
SETUP = f"""
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO item SELECT n, 'item ' || n FROM generate_series(0, {ROWS - 1}) n;
ANALYZE item
"""
Base = declarative_base()


class Item(Base):  # type: ignore[misc, valid-type]
    __tablename__ = "item"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.Text)


class Way(NamedTuple):
    """A loop on one connection, with and without recording."""

    loop: Callable[[int], None]
    """Sends so many statements."""
    record: Callable[[bool], None]
    """From now on with recording, or without."""


Make = Callable[[Server, capture.Recorder, float], Way]
"""A loop of statements for which the server sleeps so many seconds."""
QUERY = "SELECT name FROM item WHERE id = %s"
SLOW_QUERY = "SELECT name, pg_sleep({}) FROM item WHERE id = %s"


class Cost(NamedTuple):
    """Of recording, as shares of the time without it."""

    wall: float
    interval: tuple[float, float]
    processor: float
    statement: float
    """Seconds without recording."""


class Round(NamedTuple):
    """Seconds of the blocks of one round, and the part of the calls that was recorded."""

    without: float
    used_without: float
    wall: float
    used: float
    recorded: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=500)
    arguments.add_argument("--seconds", type=float, default=0.015, help="of a block, about")
    arguments.add_argument("--only", choices=WAYS)
    arguments.add_argument("--cores", choices=("one", "all"), default="one")
    options = arguments.parse_args()
    if options.cores == "one":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with start() as server, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(SETUP)
        print(
            f"PostgreSQL {server.version}; Python {platform.python_version()}; psycopg "
            f"{psycopg.__version__}; SQLAlchemy {sqlalchemy.__version__}; {platform.machine()}, "
            f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f} at the beginning\n"
        )
        print("| way | without | **wall** | 95% | processor | recorded | all recorded: wall | 95% "
              "| processor |")  # fmt: skip
        print("| --- |" + " ---: |" * 8)
        for name, make in WAYS.items():
            if options.only in (None, name):
                for sleep in (0.0, 0.001):
                    print(row(name, make, sleep, server, Path(folder), options), flush=True)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def row(
    name: str, make: Make, sleep: float, server: Server, folder: Path, options: argparse.Namespace
) -> str:
    costs, seen = [], []
    for share in (SHARE / 2, 1):
        file = folder / f"{name} {sleep} {share}.jsonl"
        with capture.Recorder(file, share=share) as recorder:
            way = make(server, recorder, sleep)
            costs.append(cost(way, recorder, options.seconds, options.rounds))
        if recorder.problem is not None:
            sys.exit(f"recording failed: {recorder.problem!r}")
        seen.append(recorded(file))
    default, everything = costs
    if seen[1] < 1:
        sys.exit("not every call was recorded, although all had to be")
    return (
        f"| {name}{', 1 ms' if sleep else ''} | {default.statement * 1e6:.0f} µs | "
        f"{shown(default)} | {seen[0]:.0%} | {shown(everything)} |"
    )


def shown(cost: Cost) -> str:
    low, high = cost.interval
    return f"{cost.wall:+.1%} | {low:+.1%} … {high:+.1%} | {cost.processor:+.1%}"


def cost(way: Way, recorder: capture.Recorder, seconds: float, rounds: int) -> Cost:
    statements = _statements(way, seconds)
    _use_up(way, recorder)
    found = []
    for _ in range(rounds):
        walls, used, passed = {False: 0.0, True: 0.0}, {False: 0.0, True: 0.0}, recorder.gate.passed
        for recording in (False, True, True, False):
            way.record(recording)
            began, began_using = time.perf_counter(), time.process_time()
            way.loop(statements)
            walls[recording] += time.perf_counter() - began
            used[recording] += time.process_time() - began_using
        part = 1 - min(1, (recorder.gate.passed - passed) / (2 * statements))
        found.append(Round(walls[False], used[False], walls[True], used[True], part))
    draws = sorted(added(random.choices(found, k=rounds)) for _ in range(1000))
    without = sum(each.without for each in found)
    return Cost(
        added(found),
        (draws[25], draws[-25]),
        sum(each.used - each.used_without for each in found) / without,
        statistics.median(each.without for each in found) / 2 / statements,
    )


def added(rounds: Sequence[Round]) -> float:
    """What recording adds to the wall time, as a share of it."""
    recorded = statistics.fmean(each.recorded for each in rounds)
    total = 0.0
    for kind, weight in ((True, recorded), (False, 1 - recorded)):
        ratios = [each.wall / each.without for each in rounds if (each.recorded > 0.5) is kind]
        total += weight * (statistics.median(ratios) - 1) if ratios else 0.0
    return total


def _statements(way: Way, seconds: float) -> int:
    """How many statements take about so long."""
    way.record(False)
    way.loop(300)  # the first ones are slower, with all their caches empty
    began = time.perf_counter()
    way.loop(100)
    return max(5, round(100 * seconds / (time.perf_counter() - began)))


def _use_up(way: Way, recorder: capture.Recorder) -> None:
    """What a recorder that has just begun may spend."""
    way.record(True)
    until = time.perf_counter() + 2
    while time.perf_counter() < until and not recorder.gate.closed:
        way.loop(100)


def recorded(file: Path) -> float:
    """The share of the calls whose figures are in the file."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    calls = sum(line["calls"] for line in lines if line["kind"] == "calls")
    missed = sum(line["missed"] for line in lines if line["kind"] == "interval")
    return float(calls / (calls + missed))


def psycopg_sync(server: Server, recorder: capture.Recorder, sleep: float) -> Way:
    factory = capture.cursor_factory(recorder)
    connection = psycopg.connect(server.url(), autocommit=True)
    query: Any = SLOW_QUERY.format(sleep) if sleep else QUERY

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute(query, (number % ROWS,)).fetchone()

    def record(on: bool) -> None:
        connection.cursor_factory = factory if on else psycopg.Cursor

    return Way(loop, record)


def psycopg_async(server: Server, recorder: capture.Recorder, sleep: float) -> Way:
    factory = capture.async_cursor_factory(recorder)
    query: Any = SLOW_QUERY.format(sleep) if sleep else QUERY
    events = asyncio.new_event_loop()
    connection = events.run_until_complete(
        psycopg.AsyncConnection.connect(server.url(), autocommit=True)
    )

    async def work(statements: int) -> None:
        for number in range(statements):
            cursor = await connection.execute(query, (number % ROWS,))
            await cursor.fetchone()

    def record(on: bool) -> None:
        connection.cursor_factory = factory if on else psycopg.AsyncCursor

    return Way(lambda statements: events.run_until_complete(work(statements)), record)


def switch(engine: Any, recorder: capture.Recorder) -> Callable[[bool], None]:
    """Recording of SQLAlchemy stands in its dialect: put there, and taken out again."""
    capture.sqlalchemy(engine, recorder)
    listener = recorder._listeners[-1]
    on_now = True

    def record(on: bool) -> None:
        nonlocal on_now
        if on is not on_now:
            (listener.on if on else listener.off)()
        on_now = on

    return record


def engine_url(server: Server) -> str:
    return f"postgresql+psycopg://dbwright@/postgres?host={server.socket_directory}"


def _select(sleep: float) -> sqlalchemy.Select[Any]:
    columns: list[Any] = [Item.name]
    if sleep:
        columns.append(sqlalchemy.func.pg_sleep(sqlalchemy.literal_column(str(sleep))))
    return sqlalchemy.select(*columns).where(Item.id == sqlalchemy.bindparam("n"))


def sqlalchemy_core(server: Server, recorder: capture.Recorder, sleep: float) -> Way:
    engine = sqlalchemy.create_engine(engine_url(server))
    record = switch(engine, recorder)
    connection = engine.connect()
    select = _select(sleep)

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute(select, {"n": number % ROWS}).first()
        connection.commit()

    return Way(loop, record)


def sqlalchemy_orm(server: Server, recorder: capture.Recorder, sleep: float) -> Way:
    engine = sqlalchemy.create_engine(engine_url(server))
    record = switch(engine, recorder)
    select = _select(sleep).add_columns(Item)

    def loop(statements: int) -> None:
        with Session(engine) as session:
            for number in range(statements):
                if sleep:
                    session.execute(select, {"n": number % ROWS}).first()
                else:
                    session.get(Item, number % ROWS)
                    session.expunge_all()

    return Way(loop, record)


def sqlalchemy_async(server: Server, recorder: capture.Recorder, sleep: float) -> Way:
    events = asyncio.new_event_loop()
    engine = create_async_engine(engine_url(server))
    record = switch(engine, recorder)
    select = _select(sleep)

    async def work(statements: int) -> None:
        async with engine.connect() as connection:
            for number in range(statements):
                (await connection.execute(select, {"n": number % ROWS})).first()

    return Way(lambda statements: events.run_until_complete(work(statements)), record)


WAYS: dict[str, Make] = {
    "psycopg": psycopg_sync,
    "psycopg, async": psycopg_async,
    "SQLAlchemy Core": sqlalchemy_core,
    "SQLAlchemy ORM": sqlalchemy_orm,
    "SQLAlchemy Core, async": sqlalchemy_async,
}

if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()

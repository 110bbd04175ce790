"""What `dbwright.capture` costs an application: the same loop with and without it, in turns.

    python bench/capture.py [--pairs 40] [--seconds 0.06] [--only psycopg]

Two loops of each way to send statements, on the same machine by a unix socket: the worst case,
one-row SELECTs by primary key one right after the other, everything in memory; and statements of
about a millisecond (the server sleeps so long), which is what an application rather sends. Prints
for each loop microseconds a statement without recording, and how much more it is with recording as
it is by default (it pauses where it would cost more than a fiftieth of a core: `recorded` says
which share of the calls was seen), and with every call recorded (`Recorder(share=1)`). The limit
is 3%.

Blocks of a few hundredths of a second take turns, so that other work on the machine disturbs all
alike; a figure is the median of the ratios of all pairs of neighbours. `wall` is the time that the
loop took; `processor` is the processor's time of the whole process, also of the thread that
writes, as a share of the wall time without recording (the server's processor time is not in it).
Before each block with recording comes one that is not measured, so that what recording saved up
while it was off is used up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, declarative_base

from dbwright import capture
from dbwright.sandbox import Server, start

ROWS = 1000
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


Loop = Callable[[int], None]
"""Sends so many statements."""
Make = Callable[[Server, "capture.Recorder | None", float], Loop]
"""A loop of statements for which the server sleeps so many seconds."""
QUERY = "SELECT name FROM item WHERE id = %s"
SLOW_QUERY = "SELECT name, pg_sleep({}) FROM item WHERE id = %s"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=40)
    arguments.add_argument("--seconds", type=float, default=0.06, help="of a block, about")
    arguments.add_argument("--only", choices=WAYS)
    options = arguments.parse_args()
    with start() as server, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(SETUP)
        print(
            f"PostgreSQL {server.version}; Python {platform.python_version()}; psycopg "
            f"{psycopg.__version__}; SQLAlchemy {sqlalchemy.__version__}; {platform.machine()}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning\n"
        )
        print(
            "| way | without | **wall** | processor | recorded | all recorded: wall | processor |"
        )
        print("| --- |" + " ---: |" * 6)
        for name, make in WAYS.items():
            if options.only in (None, name):
                for sleep in (0.0, 0.001):
                    print(row(name, make, sleep, server, Path(folder), options), flush=True)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def row(
    name: str, make: Make, sleep: float, server: Server, folder: Path, options: argparse.Namespace
) -> str:
    file = folder / f"{name} {sleep}.jsonl"
    with (
        capture.Recorder(file) as recorder,
        capture.Recorder(folder / "all.jsonl", share=1) as everything,
    ):
        without = make(server, None, sleep)
        ways = {"with": make(server, recorder, sleep), "all": make(server, everything, sleep)}
        statements = _statements(without, options.seconds)
        more = {way: compared(without, loop, statements, options.pairs)
                for way, loop in ways.items()}  # fmt: skip
    for each in (recorder, everything):
        if each.problem is not None:
            sys.exit(f"recording failed: {each.problem!r}")
    seen = recorded(file) / (options.pairs * 2 * statements)
    (wall, processor, micro), (all_wall, all_processor, _) = more["with"], more["all"]
    return (
        f"| {name}{', 1 ms' if sleep else ''} | {micro:.0f} µs | {wall:+.1%} | {processor:+.1%} | "
        f"{seen:.0%} | {all_wall:+.1%} | {all_processor:+.1%} |"
    )


def compared(without: Loop, loop: Loop, statements: int, pairs: int) -> tuple[float, float, float]:
    """Medians of what recording adds to the wall time, of what it adds to the processor's, and of
    the microseconds of a statement without it."""
    walls, processors, plain = [], [], []
    for pair in range(pairs):
        found = {}
        for recording in (False, True) if pair % 2 else (True, False):
            if recording:
                loop(statements)  # uses up what was saved
            began, used = time.perf_counter(), time.process_time()
            (loop if recording else without)(statements)
            found[recording] = (time.perf_counter() - began, time.process_time() - used)
        walls.append(found[True][0] / found[False][0] - 1)
        processors.append((found[True][1] - found[False][1]) / found[False][0])
        plain.append(found[False][0] / statements * 1e6)
    return statistics.median(walls), statistics.median(processors), statistics.median(plain)


def _statements(loop: Loop, seconds: float) -> int:
    """How many statements take about so long."""
    loop(300)  # the first ones are slower, with all their caches empty
    began = time.perf_counter()
    loop(100)
    return max(50, round(100 * seconds / (time.perf_counter() - began)))


def recorded(file: Path) -> int:
    lines = (json.loads(line) for line in file.read_text().splitlines())
    return sum(line["calls"] for line in lines if line["kind"] == "calls")


def psycopg_sync(server: Server, recorder: capture.Recorder | None, sleep: float) -> Loop:
    factory = psycopg.Cursor if recorder is None else capture.cursor_factory(recorder)
    connection = psycopg.connect(server.url(), autocommit=True, cursor_factory=factory)
    query: Any = SLOW_QUERY.format(sleep) if sleep else QUERY

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute(query, (number % ROWS,)).fetchone()

    return loop


def in_loop(work: Callable[[int], Awaitable[None]], loop: asyncio.AbstractEventLoop) -> Loop:
    async def run(statements: int) -> None:
        await work(statements)

    return lambda statements: loop.run_until_complete(run(statements))


def psycopg_async(server: Server, recorder: capture.Recorder | None, sleep: float) -> Loop:
    factory = psycopg.AsyncCursor if recorder is None else capture.async_cursor_factory(recorder)
    query: Any = SLOW_QUERY.format(sleep) if sleep else QUERY
    events = asyncio.new_event_loop()
    connection = events.run_until_complete(
        psycopg.AsyncConnection.connect(server.url(), autocommit=True, cursor_factory=factory)
    )

    async def work(statements: int) -> None:
        for number in range(statements):
            cursor = await connection.execute(query, (number % ROWS,))
            await cursor.fetchone()

    return in_loop(work, events)


def engine_url(server: Server) -> str:
    return f"postgresql+psycopg://dbwright@/postgres?host={server.socket_directory}"


def _select(sleep: float) -> sqlalchemy.Select[Any]:
    columns: list[Any] = [Item.name]
    if sleep:
        columns.append(sqlalchemy.func.pg_sleep(sqlalchemy.literal_column(str(sleep))))
    return sqlalchemy.select(*columns).where(Item.id == sqlalchemy.bindparam("n"))


def sqlalchemy_core(server: Server, recorder: capture.Recorder | None, sleep: float) -> Loop:
    engine = sqlalchemy.create_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)
    connection = engine.connect()
    select = _select(sleep)

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute(select, {"n": number % ROWS}).first()
        connection.commit()

    return loop


def sqlalchemy_orm(server: Server, recorder: capture.Recorder | None, sleep: float) -> Loop:
    engine = sqlalchemy.create_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)
    select = _select(sleep).add_columns(Item)

    def loop(statements: int) -> None:
        with Session(engine) as session:
            for number in range(statements):
                if sleep:
                    session.execute(select, {"n": number % ROWS}).first()
                else:
                    session.get(Item, number % ROWS)
                    session.expunge_all()

    return loop


def sqlalchemy_async(server: Server, recorder: capture.Recorder | None, sleep: float) -> Loop:
    events = asyncio.new_event_loop()
    engine = create_async_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)
    select = _select(sleep)

    async def work(statements: int) -> None:
        async with engine.connect() as connection:
            for number in range(statements):
                (await connection.execute(select, {"n": number % ROWS})).first()

    return in_loop(work, events)


WAYS = {
    "psycopg": psycopg_sync,
    "psycopg, async": psycopg_async,
    "SQLAlchemy Core": sqlalchemy_core,
    "SQLAlchemy ORM": sqlalchemy_orm,
    "SQLAlchemy Core, async": sqlalchemy_async,
}

if __name__ == "__main__":
    main()

"""What `dbwright.capture` costs an application: the same loop with and without it, in turns.

    python bench/capture.py [--statements 3000] [--rounds 30]

The worst case on purpose: one-row SELECTs by primary key one right after the other, everything in
memory, the server on the same machine by a unix socket. Prints, for each way to send statements,
microseconds a statement without recording, with it as it is by default (it pauses where it would
cost more than a fiftieth of a core: `recorded` says which share of the calls was seen), and with
every call recorded (`Recorder(share=1)`). `more` is the processor's time that recording
takes (of the whole process: also of the thread that writes), as a share of the time that a
statement takes without it; the limit is 3%. Rounds take turns, so that other work on the machine
disturbs all alike; a figure is the median of the fastest half of the rounds. `recorded` counts the
warming up before each round, which is recorded in full, as well.
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

import psycopg
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, declarative_base

from dbwright import capture
from dbwright.sandbox import Server, start

WARM = {"without": 500, "with": 2500, "all": 500}
"""Statements before each round, not timed: recording uses up what it saved for a burst."""
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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--statements", type=int, default=3000)
    arguments.add_argument("--rounds", type=int, default=30)
    options = arguments.parse_args()
    with start() as server, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(SETUP)
        print(
            f"PostgreSQL {server.version}; Python {platform.python_version()}; psycopg "
            f"{psycopg.__version__}; SQLAlchemy {sqlalchemy.__version__}; {platform.machine()}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
        )
        print(
            "| way | without | processor | with | processor | **more** | all recorded | processor "
            "| more | recorded |"
        )
        print("| --- |" + " ---: |" * 9)
        for name, make in WAYS.items():
            print(row(name, make, server, Path(folder), options), flush=True)


def row(
    name: str,
    make: Callable[[Server, capture.Recorder | None], Loop],
    server: Server,
    folder: Path,
    options: argparse.Namespace,
) -> str:
    file = folder / f"{name}.jsonl"
    with (
        capture.Recorder(file) as recorder,
        capture.Recorder(folder / "all.jsonl", share=1) as everything,
    ):
        loops = {
            "without": make(server, None),
            "with": make(server, recorder),
            "all": make(server, everything),
        }
        taken: dict[str, list[float]] = {way: [] for way in loops}
        used: dict[str, list[float]] = {way: [] for way in loops}
        ways = list(loops)
        for turn in range(options.rounds):
            for way in ways[turn % 3 :] + ways[: turn % 3]:
                loops[way](WARM[way])
                began, processor = time.perf_counter(), time.process_time()
                loops[way](options.statements)
                taken[way].append(time.perf_counter() - began)
                used[way].append(time.process_time() - processor)
    for each in (recorder, everything):
        if each.problem is not None:
            sys.exit(f"recording failed: {each.problem!r}")
    micro = {way: trimmed(taken[way]) / options.statements * 1e6 for way in loops}
    cpu = {way: trimmed(used[way]) / options.statements * 1e6 for way in loops}
    sent = options.rounds * (WARM["with"] + options.statements)
    cells = [name, f"{micro['without']:.1f} µs", f"{cpu['without']:.1f} µs"]
    for way in ("with", "all"):
        more = cpu[way] - cpu["without"]
        cells += [
            f"{micro[way]:.1f} µs",
            f"{more:+.1f} µs",
            f"{more / micro['without']:+.1%}",
        ]
    cells.append(f"{recorded(file) / sent:.0%}")
    return "| " + " | ".join(cells) + " |"


def trimmed(times: list[float]) -> float:
    """The median of the fastest half."""
    return statistics.median(sorted(times)[: max(1, len(times) // 2)])


def recorded(file: Path) -> int:
    lines = (json.loads(line) for line in file.read_text().splitlines())
    return sum(line["calls"] for line in lines if line["kind"] == "calls")


def psycopg_sync(server: Server, recorder: capture.Recorder | None) -> Loop:
    factory = psycopg.Cursor if recorder is None else capture.cursor_factory(recorder)
    connection = psycopg.connect(server.url(), autocommit=True, cursor_factory=factory)

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute("SELECT name FROM item WHERE id = %s", (number % ROWS,)).fetchone()

    return loop


def in_loop(work: Callable[[int], Awaitable[None]], loop: asyncio.AbstractEventLoop) -> Loop:
    async def run(statements: int) -> None:
        await work(statements)

    return lambda statements: loop.run_until_complete(run(statements))


def psycopg_async(server: Server, recorder: capture.Recorder | None) -> Loop:
    factory = psycopg.AsyncCursor if recorder is None else capture.async_cursor_factory(recorder)
    events = asyncio.new_event_loop()
    connection = events.run_until_complete(
        psycopg.AsyncConnection.connect(server.url(), autocommit=True, cursor_factory=factory)
    )

    async def work(statements: int) -> None:
        for number in range(statements):
            cursor = await connection.execute(
                "SELECT name FROM item WHERE id = %s", (number % ROWS,)
            )
            await cursor.fetchone()

    return in_loop(work, events)


def engine_url(server: Server) -> str:
    return f"postgresql+psycopg://dbwright@/postgres?host={server.socket_directory}"


def sqlalchemy_core(server: Server, recorder: capture.Recorder | None) -> Loop:
    engine = sqlalchemy.create_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)
    connection = engine.connect()
    select = sqlalchemy.select(Item.name).where(Item.id == sqlalchemy.bindparam("n"))

    def loop(statements: int) -> None:
        for number in range(statements):
            connection.execute(select, {"n": number % ROWS}).scalar_one()
        connection.commit()

    return loop


def sqlalchemy_orm(server: Server, recorder: capture.Recorder | None) -> Loop:
    engine = sqlalchemy.create_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)

    def loop(statements: int) -> None:
        with Session(engine) as session:
            for number in range(statements):
                session.get(Item, number % ROWS)
                session.expunge_all()

    return loop


def sqlalchemy_async(server: Server, recorder: capture.Recorder | None) -> Loop:
    events = asyncio.new_event_loop()
    engine = create_async_engine(engine_url(server))
    if recorder is not None:
        capture.sqlalchemy(engine, recorder)
    select = sqlalchemy.select(Item.name).where(Item.id == sqlalchemy.bindparam("n"))

    async def work(statements: int) -> None:
        async with engine.connect() as connection:
            for number in range(statements):
                (await connection.execute(select, {"n": number % ROWS})).scalar_one()

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

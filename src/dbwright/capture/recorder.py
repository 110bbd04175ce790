"""The recorder: takes what listeners note, adds it up, and writes it from time to time.

The way of a statement is short, for it is the application that walks it: a listener appends one
tuple to a list. Every few dozen tuples are added up by whoever appended the last one (cheaper than
a thread of its own: no turn of the interpreter's lock is needed), and a thread writes the sums
every few seconds. Lists are cut in one step, so that no lock is needed for appending.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from dbwright.capture.allowance import Allowance
from dbwright.capture.call_site import Places
from dbwright.capture.sequences import PAUSE, Session
from dbwright.capture.statements import Statement
from dbwright.capture.totals import Event, Totals
from dbwright.capture.writer import Writer

__all__ = ["BATCH", "SLOW", "Recorder", "clock"]

BATCH = 64
"""Events that are added up at a time."""

SLOW = 0.002
"""Seconds; after a statement that took longer they are added up at once, so that no large value
of it is held for long."""

PATIENCE = 1.0
"""Seconds at least between two writings, however many new statements there are."""

NEVER = float("inf")

clock = time.perf_counter
logger = logging.getLogger("dbwright.capture")
_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


class Listener(NamedTuple):
    """How a listener is switched on and off."""

    on: Callable[[], None]
    off: Callable[[], None]


class Recorder:
    """Records into one file. Give it to the listeners of this package; `stop()` ends it.

    path: of the file (JSON lines, see `capture.writer`); several processes may share it.
    values: record some of the values that statements are run with. They are data of your users:
        off unless asked for.
    flush_seconds: how often the file is written; so much is lost when the program is killed.
    most_statements: how many different statements (by text and call site) are kept in memory.
    most_bytes, keep: when the file is renamed to `….1`, and how many such files there may be.
    application: beginnings of paths of installed packages that count as your application's code.
    share: of one core's time that recording may take (0.02 is about 1,600 statements a second). An
        application that sends more is recorded in bursts, and the rest is estimated; 1 records
        everything.

    It never raises: trouble is logged once (logger `dbwright.capture`) and told by `problem`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "dbwright-capture.jsonl",
        *,
        values: bool = False,
        flush_seconds: float = 5.0,
        most_statements: int = 10_000,
        most_bytes: int = 64_000_000,
        keep: int = 3,
        application: Iterable[str] = (),
        share: float = 0.02,
    ) -> None:
        self.values = values
        self.stopped = False
        self.problem: Exception | None = None
        """What went wrong first."""
        self.pending: list[Event] = []
        self.places = Places(application)
        self._writer = Writer(Path(path).absolute(), most_bytes, keep)
        self._flush_seconds = flush_seconds
        self._most_statements = most_statements
        self._to_epoch = time.time() - clock()
        self._share = share
        self._listeners: list[Listener] = []
        self._paused = False
        self._sessions = count(1)
        self._begin()
        _recorders.add(self)
        atexit.register(self.stop)

    def new_session(self) -> Session:
        """For a connection that is seen for the first time."""
        return Session(next(self._sessions))

    def attach(self, on: Callable[[], None], off: Callable[[], None]) -> None:
        """Switch a listener on; it is switched off for pauses and when recording ends."""
        self._listeners.append(Listener(on, off))
        if not (self.stopped or self._paused):
            on()

    def drain(self) -> None:
        """Add up what was noted; leaves it where another thread is at it."""
        if self._lock.acquire(blocking=False):
            try:
                began = clock()
                self._spend(self._add_pending(), began)
            finally:
                self._lock.release()

    def flush(self) -> None:
        """Write what was added up since the last time."""
        with self._flushing:
            with self._lock:
                added = self._add_pending()
                if added and not self._paused:
                    self._allowance.spend(added, clock())
                self._totals.sequences.finish(clock() - (0.0 if self.stopped else PAUSE))
                lines, statements, calls = self._take()
            if not lines:
                return
            try:
                self._write(lines, statements)
            except Exception as problem:  # a full disk must not stop the application
                self._lost += calls
                self.trouble(problem)

    def stop(self) -> None:
        """End recording and write the rest. Listeners do nothing from now on."""
        if self.stopped:
            return
        with self._lock:
            self.stopped = True
            self._switch(on=False)
        atexit.unregister(self.stop)
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(10.0)
        self.flush()

    def trouble(self, problem: Exception) -> None:
        """Note what went wrong, without raising."""
        if self.problem is None:
            self.problem = problem
            logger.warning("recording statements: %s: %s", type(problem).__name__, problem)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _begin(self) -> None:
        """Everything that belongs to one process."""
        self._process = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._wake = threading.Event()
        self._totals = Totals(self._most_statements, self.values, self.trouble)
        self._lost = 0
        self._interval_began = clock()
        self._allowance = Allowance(self._share, clock())
        self._resume_at = NEVER
        if self._paused:
            self._paused = False
            self._switch(on=True)
        self._thread = threading.Thread(target=self._run, name="dbwright-capture", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        """The thread: writes from time to time, and ends pauses."""
        last = clock()
        while not self.stopped:
            flush_at = last + (PATIENCE if self._totals.full else self._flush_seconds)
            self._wake.wait(max(0.0, min(flush_at, self._resume_at) - clock()))
            self._wake.clear()
            if clock() >= self._resume_at:
                self._resume()
            if clock() >= flush_at or self.stopped:
                self.flush()
                last = clock()

    def _spend(self, events: int, began: float) -> None:
        """Pause where recording has used up what it may."""
        now = clock()
        if self._paused:  # what was under way when the pause began
            return
        resume_at = self._allowance.spend(events, now, now - began)
        if resume_at is not None:
            self._paused = True
            self._switch(on=False)
            self._resume_at = resume_at
            self._wake.set()

    def _resume(self) -> None:
        with self._lock:
            self._allowance.resume(clock())
            self._paused, self._resume_at = False, NEVER
            if not self.stopped:
                self._switch(on=True)

    def _switch(self, *, on: bool) -> None:
        for listener in self._listeners:
            (listener.on if on else listener.off)()

    def _add_pending(self) -> int:
        """Add up what was noted; how much that was."""
        pending = self.pending
        length = len(pending)
        events = pending[:length]
        del pending[:length]
        self._totals.add(events)
        if self._totals.full:
            self._wake.set()
        return length

    def _take(self) -> tuple[list[dict[str, Any]], list[Statement], int]:
        """The lines to write, the statements that they are of, and the calls in them."""
        now, offset, totals = clock(), self._to_epoch, self._totals
        calls, sequences, statements = totals.take()
        recorded, missed = self._allowance.take(now, paused=self._paused)
        if missed and recorded:
            for line in calls:
                line["scale"] = round((recorded + missed) / recorded, 3)
        lines = calls + sequences
        for line in lines:
            line["first"] = round(line["first"] + offset, 6)
            line["last"] = round(line["last"] + offset, 6)
        counted, lost = totals.sequences, self._lost + totals.lost
        if lines or lost or counted.transactions:
            lines.append(
                {
                    "kind": "interval",
                    "from": round(self._interval_began + offset, 3),
                    "to": round(now + offset, 3),
                    "transactions": counted.transactions,
                    "of_one_statement": counted.of_one_statement,
                    "longer": counted.longer,
                    "sampled": len(counted.sampled),
                    "lost": lost,
                    "missed": round(missed),
                }
            )
        self._interval_began, self._lost, totals.lost = now, 0, 0
        counted.clear()
        return lines, statements, sum(line["calls"] for line in calls)

    def _write(self, lines: list[dict[str, Any]], statements: list[Statement]) -> None:
        file = ""

        def content(name: str) -> list[dict[str, Any]]:
            nonlocal file
            file = name
            new = [each.definition() for each in statements if each.defined_in != name]
            return [{**line, "process": self._process} for line in (*new, *lines)]

        self._writer.write(content)
        for statement in statements:
            statement.defined_in = file

    def after_fork(self) -> None:
        """In a forked child: the parent writes what was recorded so far, and has the thread."""
        self.pending.clear()
        if not self.stopped:
            self._begin()


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

"""The recorder: takes what listeners note, adds it up, and writes it from time to time.

The way of a statement is short, for it is the application that walks it: a listener appends one
tuple to a list. Every few dozen tuples are added up by whoever appended the last one (cheaper than
a thread of its own: no turn of the interpreter's lock is needed), and a thread writes the sums
every few seconds. Lists are cut in one step, so that no lock is needed for appending.

Where statements come faster than recording may cost, a gate is closed for a while: listeners then
count a call and do nothing else. They stay where they are, for a class whose methods come and go
is one that Python no longer keeps its shortcuts for.
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

from dbwright.capture.allowance import Allowance, Gate
from dbwright.capture.call_site import Places
from dbwright.capture.interval import Interval
from dbwright.capture.sequences import PAUSE, Session
from dbwright.capture.statements import Statement
from dbwright.capture.totals import Event, Totals
from dbwright.capture.writer import Writer

__all__ = ["BATCH", "SLOW", "Recorder", "clock"]

BATCH = 64
"""Events that are added up at a time."""

SLOW = 0.01
"""Seconds; after a statement that took longer they are added up at once, so that no large value
of it is held until the next writing."""

PATIENCE = 1.0
"""Seconds at least between two writings, however many new statements there are."""

NEVER = float("inf")

clock = time.perf_counter
thread_time = time.thread_time
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
    share: of one core's time that recording may take (0.02 is about 2,000 statements a second). An
        application that sends more is recorded in bursts, and the rest is counted, and estimated
        by these; 1 records everything.

    Raises ValueError where share is not above 0 and up to 1. Later it never raises: trouble is
    logged once (logger `dbwright.capture`) and told by `problem`.
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
        if not 0 < share <= 1:
            raise ValueError(f"share must be above 0 and at most 1 (of one core), not {share}")
        self.values = values
        self.stopped = False
        self.problem: Exception | None = None
        """What went wrong first."""
        self.pending: list[Event] = []
        self.places = Places(application)
        self.gate = Gate()
        self._writer = Writer(Path(path).absolute(), most_bytes, keep)
        self._flush_seconds = flush_seconds
        self._most_statements = most_statements
        self._to_epoch = time.time() - clock()
        self._share = share
        self._listeners: list[Listener] = []
        self._sessions = count(1)
        self._begin()
        _recorders.add(self)
        atexit.register(self.stop)

    def new_session(self) -> Session:
        """For a connection that is seen for the first time."""
        return Session(next(self._sessions))

    def attach(self, on: Callable[[], None], off: Callable[[], None]) -> None:
        """Switch a listener on; it is switched off when recording ends."""
        self._listeners.append(Listener(on, off))
        if not self.stopped:
            on()

    def drain(self, answered: float) -> None:
        """Add up what was noted; leaves it where another thread is at it.

        answered: when the last statement had its answer; noting it took the time since.
        """
        noting = clock() - answered
        if self._lock.acquire(blocking=False):
            try:
                began = thread_time()
                events = self._add_pending()
                self._spend(events, thread_time() - began, noting)
            finally:
                self._lock.release()

    def flush(self) -> None:
        """Write what was added up since the last time."""
        with self._flushing:
            with self._lock:
                self._spend(self._add_pending())
                self._totals.sequences.finish(clock() - (0.0 if self.stopped else PAUSE))
                lines, statements, calls = self._interval.lines(
                    self._totals, self.gate.passed, clock(), self._to_epoch, self.stopped
                )
            if not lines:
                return
            try:
                self._write(lines, statements)
            except Exception as problem:  # a full disk must not stop the application
                self._interval.lost += calls
                self.trouble(problem)

    def stop(self) -> None:
        """End recording and write the rest. Listeners do nothing from now on."""
        if self.stopped:
            return
        with self._lock:
            self.stopped = True
            for listener in self._listeners:
                listener.off()
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
        self._interval = Interval(clock(), self.gate.passed)
        self._allowance = Allowance(self._share, clock())
        self._resume_at = NEVER
        self.gate.closed = False
        self._passed_before = self.gate.passed
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
                began = thread_time()
                self.flush()
                self._allowance.charge(thread_time() - began)
                last = clock()

    def _spend(self, events: int, seconds: float = 0.0, noting: float = 0.0) -> None:
        """Pause where recording has used up what it may."""
        self._interval.recorded += events
        if not events or self.gate.closed:  # what was under way when the pause began
            return
        resume_at = self._allowance.spend(events, clock(), seconds, noting)
        if resume_at is not None:
            self.gate.closed = True
            self._totals.sequences.cut()
            self._resume_at = resume_at
            self._wake.set()

    def _resume(self) -> None:
        with self._lock:
            passed = self.gate.passed
            later = self._allowance.resume(clock(), passed - self._passed_before)
            self._passed_before = passed
            if later is not None:
                self._resume_at = later
                return
            self._spend(self._add_pending())
            self._totals.sequences.cut()
            self._resume_at = NEVER
            self.gate.closed = False

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

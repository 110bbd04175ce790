"""Reading ahead: the server works on the next query while this side builds from the last one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from dbwright.engines.postgresql.session import Session

__all__ = ["ReadAhead"]


SWITCH_INTERVAL = 0.0002
"""Seconds."""


class ReadAhead:
    """Runs reading steps in order, in one thread of their own; `rows[name]` waits for a step.

    Until the block ends, the session belongs to that thread. Where the block is left early (Ctrl-C,
    a lost connection), the running query is cancelled and the steps to come are dropped.
    """

    def __init__(self, session: Session, steps: Mapping[str, Callable[[], Any]]) -> None:
        self._session = session
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._futures: dict[str, Future[Any]] = {
            name: self._thread.submit(step) for name, step in steps.items()
        }

    def __enter__(self) -> ReadAhead:
        # The reading thread needs the interpreter for moments only, but often: with the usual 5 ms
        # it would wait for the building one longer than for the server.
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        return self

    def __getitem__(self, name: str) -> Any:
        """What the step gave, once; it is let go after. Raises what the step raised."""
        return self._futures.pop(name).result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setswitchinterval(self._interval)
        if problem is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            if not self._session.connection.closed:
                self._session.connection.cancel_safe(timeout=2)
        self._thread.shutdown(wait=True)

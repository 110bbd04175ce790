"""A call that nobody waits for any more: its thread is told, and what runs on a server is ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Stop"]


class Stop:
    """Of one call; set once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._calls: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        """Calls what `calling` was given, now and for those that come later."""
        with self._lock:
            self._set = True
            calls = list(self._calls)
        for call in calls:
            call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Within the block a stop calls it: it must be safe from another thread."""
        with self._lock:
            self._calls.append(call)
            late = self._set
        try:
            if late:
                call()
            yield
        finally:
            with self._lock:
                self._calls.remove(call)

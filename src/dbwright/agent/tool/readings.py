"""Snapshots that were just read: several calls in a row ask about the same schema."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.target import Live, Target, opened

__all__ = ["Readings"]

FRESH = 10.0
"""Seconds that a live target's snapshot is good for: an agent changes what it works on."""
BUDGET = 20.0
"""Seconds for reading."""
KEPT = 4
"""Snapshots; one of 10,000 tables takes about 100 MB."""

State = object


@dataclass(slots=True)
class Readings:
    """Of all calls to one server; safe to use from several threads."""

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[Target, tuple[State, float, Snapshot]] = field(default_factory=dict)

    def snapshot(self, target: Target, progress: Progress) -> Snapshot:
        """Of the target as it is now, or was at most 10 s ago. Files are read again when one of
        them changed. Raises TargetError, UsageError, SandboxError."""
        state = _state(target)
        with self._lock:
            kept = self._kept.get(target)
        if kept is not None and kept[0] == state:
            young = self.clock() - kept[1] < FRESH
            if young or not isinstance(target, Live):
                return kept[2]
        with opened(target, budget_seconds=BUDGET, progress=progress) as source:
            snapshot = source.snapshot
        with self._lock:
            self._kept.pop(target, None)
            self._kept[target] = (state, self.clock(), snapshot)
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return snapshot


def _state(target: Target) -> State:
    """Differs where the files differ; the same for every look at a live target."""
    if isinstance(target, Live):
        return None
    path: Path = target.path
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return tuple((str(file), *_stamp(file)) for file in files if file.is_file())


def _stamp(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size

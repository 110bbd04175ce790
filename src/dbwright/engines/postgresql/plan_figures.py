"""Groups of figures of EXPLAIN's document: buffers, timings, sorts, hash tables, JIT.

A document names them one by one (`Shared Hit Blocks`); the model keeps them together. Sizes are
in kilobytes there and in bytes here, times in milliseconds there and in seconds here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dbwright.engines.postgresql.plan_values import scalar
from dbwright.errors import NotAPlan
from dbwright.model.plan import Buffers, HashTable, IoTimings, Jit, Memoized, Other, Sorting, Wal

__all__ = [
    "Fields",
    "buffers",
    "hash_table",
    "io_timings",
    "jit",
    "memoized",
    "sorting",
    "wal",
]

KIB = 1024


class Fields:
    """A mapping of which each value is taken once; what nobody takes is the rest."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._left = dict(document)

    def take(self, name: str) -> Any:
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        found = self.take(name)
        if isinstance(found, bool):  # `Filter: false`
            return str(found).lower()
        return "" if found is None else str(found)

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.take(name)
        if found is None:
            return ()
        return tuple(map(str, found)) if isinstance(found, list) else (str(found),)

    def flag(self, name: str) -> bool:
        found = self.take(name)
        return found is True or found == "true"

    def number(self, name: str) -> float | None:
        """Raises NotAPlan where there is no number."""
        found = self.take(name)
        if found is None:
            return None
        try:
            number = float(found)
        except (TypeError, ValueError):
            number = math.nan
        if math.isnan(number) or isinstance(found, bool):
            raise NotAPlan(f"the plan's {name!r} is no number: {found!r:.40}", "paste it whole")
        return number

    def whole(self, name: str) -> int | None:
        """Raises NotAPlan where there is no whole number."""
        found = self._left.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            del self._left[name]
            return found
        if isinstance(found, str) and found.lstrip("-").isdecimal():
            del self._left[name]
            return int(found)
        number = self.number(name)
        if number is not None and math.isinf(number):
            raise NotAPlan(f"the plan's {name!r} is not finite", "paste it whole")
        return None if number is None else int(number)

    def milliseconds(self, name: str) -> float | None:
        """As seconds."""
        number = self.number(name)
        return None if number is None else number / 1000

    def kilobytes(self, name: str) -> int | None:
        """As bytes."""
        number = self.whole(name)
        return None if number is None else number * KIB

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def rest(self) -> Other:
        """What nobody took, lists in an immutable form, numbers (text in XML) as numbers."""
        return {name: _frozen(value) for name, value in self._left.items()}


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return scalar(value) if isinstance(value, str) else value


BLOCKS = {
    f"{where}_{what}": f"{shown} {what.capitalize()} Blocks"
    for where, shown in (("shared", "Shared"), ("local", "Local"))
    for what in ("hit", "read", "dirtied", "written")
} | {"temporary_read": "Temp Read Blocks", "temporary_written": "Temp Written Blocks"}

TIMINGS = {
    "shared_read": ("Shared I/O Read Time", "I/O Read Time"),
    "shared_write": ("Shared I/O Write Time", "I/O Write Time"),
    "local_read": ("Local I/O Read Time",),
    "local_write": ("Local I/O Write Time",),
    "temporary_read": ("Temp I/O Read Time",),
    "temporary_write": ("Temp I/O Write Time",),
}

WRITES = {
    "records": "WAL Records",
    "full_page_images": "WAL FPI",
    "bytes": "WAL Bytes",
    "buffers_full": "WAL Buffers Full",
}

HASHING = {
    "buckets": "Hash Buckets",
    "original_buckets": "Original Hash Buckets",
    "batches": "Hash Batches",
    "original_batches": "Original Hash Batches",
    "planned_partitions": "Planned Partitions",
}


def buffers(fields: Fields) -> Buffers | None:
    found = _wholes(fields, BLOCKS)
    return Buffers(**found) if found else None


def _wholes(fields: Fields, names: Mapping[str, str]) -> dict[str, int]:
    """Those that are given."""
    found = {field: fields.whole(name) for field, name in names.items() if name in fields}
    return {field: value for field, value in found.items() if value is not None}


def io_timings(fields: Fields) -> IoTimings | None:
    found: dict[str, float] = {}
    for field, names in TIMINGS.items():
        for name in names:
            seconds = fields.milliseconds(name) if name in fields else None
            if seconds is not None:
                found[field] = seconds
    return IoTimings(**found) if found else None


def wal(fields: Fields) -> Wal | None:
    found = _wholes(fields, WRITES)
    return Wal(**found) if found else None


def sorting(fields: Fields) -> Sorting | None:
    """Of a Sort; of an Incremental Sort the larger one of its two kinds of groups."""
    method = fields.text("Sort Method")
    if method:
        return Sorting(
            method,
            fields.kilobytes("Sort Space Used") or 0,
            fields.text("Sort Space Type") == "Disk",
        )
    groups = [fields.take("Full-sort Groups"), fields.take("Pre-sorted Groups")]
    found = [_group_sorting(group) for group in groups if isinstance(group, Mapping)]
    if not found:
        return None
    return max(found, key=lambda each: (each.on_disk, each.space_bytes))


def _group_sorting(group: Mapping[str, Any]) -> Sorting:
    methods = group.get("Sort Methods Used")
    text = ", ".join(map(str, methods if isinstance(methods, list) else []))
    memory, disk = group.get("Sort Space Memory"), group.get("Sort Space Disk")
    space = disk if isinstance(disk, Mapping) else memory if isinstance(memory, Mapping) else {}
    return Sorting(text, Fields(space).kilobytes("Peak Sort Space Used") or 0, disk is not None)


def hash_table(fields: Fields) -> HashTable | None:
    """Of a Hash, or of a hashed Aggregate (whose names differ)."""
    found = _wholes(fields, HASHING)
    aggregate = fields.whole("HashAgg Batches")
    if aggregate is not None:
        found["batches"] = aggregate
    if not found:
        return None
    if "batches" not in found:
        return HashTable(**found)
    memory, disk = fields.kilobytes("Peak Memory Usage"), fields.kilobytes("Disk Usage")
    return HashTable(**found, peak_memory_bytes=memory, disk_bytes=disk)


def memoized(fields: Fields) -> Memoized:
    return Memoized(
        key=fields.text("Cache Key"),
        mode=fields.text("Cache Mode"),
        hits=fields.whole("Cache Hits"),
        misses=fields.whole("Cache Misses"),
        evictions=fields.whole("Cache Evictions"),
        overflows=fields.whole("Cache Overflows"),
        peak_memory_bytes=fields.kilobytes("Peak Memory Usage"),
    )


def jit(found: Any) -> Jit | None:
    """`Generation` is a number, or (from 17 on) a group with its total."""
    if not isinstance(found, Mapping):
        return None
    fields = Fields(found)
    options, timing = fields.take("Options"), fields.take("Timing")
    chosen = Fields(options if isinstance(options, Mapping) else {})
    times = dict(timing) if isinstance(timing, Mapping) else {}
    generation = times.get("Generation")
    if isinstance(generation, Mapping):
        times["Generation"] = generation.get("Total")
    spent = Fields(times)
    return Jit(
        functions=fields.whole("Functions") or 0,
        generation_seconds=spent.milliseconds("Generation"),
        inlining_seconds=spent.milliseconds("Inlining"),
        optimization_seconds=spent.milliseconds("Optimization"),
        emission_seconds=spent.milliseconds("Emission"),
        total_seconds=spent.milliseconds("Total"),
        inlining=chosen.flag("Inlining"),
        optimization=chosen.flag("Optimization"),
        expressions=chosen.flag("Expressions"),
        deforming=chosen.flag("Deforming"),
    )

"""Groups of figures that EXPLAIN gives of a node, or of a plan as a whole.

Times are seconds, sizes bytes, buffers blocks (8 kB unless the server was built otherwise).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Buffers",
    "HashTable",
    "IoTimings",
    "Jit",
    "Memoized",
    "Other",
    "PlanTrigger",
    "PlanWorker",
    "PlanningMemory",
    "Serialization",
    "Sorting",
    "Wal",
]

Scalar = str | int | float | bool | None
Other = Mapping[str, "Scalar | tuple[object, ...] | Mapping[str, object]"]


@dataclass(frozen=True, slots=True)
class Buffers:
    """Blocks, of the node and everything below it."""

    shared_hit: int = 0
    shared_read: int = 0
    shared_dirtied: int = 0
    shared_written: int = 0
    local_hit: int = 0
    local_read: int = 0
    local_dirtied: int = 0
    local_written: int = 0
    temporary_read: int = 0
    temporary_written: int = 0


@dataclass(frozen=True, slots=True)
class IoTimings:
    """Seconds of reading and writing blocks (track_io_timing), of the node and all below it.

    Before PostgreSQL 17 local buffers are counted with the shared ones, in `shared_…`.
    """

    shared_read: float = 0.0
    shared_write: float = 0.0
    local_read: float = 0.0
    local_write: float = 0.0
    temporary_read: float = 0.0
    temporary_write: float = 0.0


@dataclass(frozen=True, slots=True)
class Wal:
    """Write-ahead log that the node and everything below it wrote."""

    records: int = 0
    full_page_images: int = 0
    bytes: int = 0
    buffers_full: int = 0


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a sort went."""

    method: str
    """`quicksort`, `top-N heapsort`, `external merge` …; several joined by commas."""
    space_bytes: int
    on_disk: bool = False


@dataclass(frozen=True, slots=True)
class HashTable:
    """What a Hash or a hashed Aggregate used."""

    buckets: int | None = None
    original_buckets: int | None = None
    batches: int | None = None
    """1: all stayed in memory."""
    original_batches: int | None = None
    """As planned; more in the end means that the estimate was too low."""
    peak_memory_bytes: int | None = None
    disk_bytes: int | None = None
    planned_partitions: int | None = None


@dataclass(frozen=True, slots=True)
class Memoized:
    """What a Memoize node kept, and how often that helped."""

    key: str = ""
    mode: str = ""
    hits: int | None = None
    misses: int | None = None
    evictions: int | None = None
    overflows: int | None = None
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Jit:
    """What just-in-time compilation did, and the seconds it took."""

    functions: int = 0
    generation_seconds: float | None = None
    inlining_seconds: float | None = None
    optimization_seconds: float | None = None
    emission_seconds: float | None = None
    total_seconds: float | None = None
    inlining: bool = False
    optimization: bool = False
    expressions: bool = False
    deforming: bool = False


@dataclass(frozen=True, slots=True)
class PlanWorker:
    """One parallel worker's part of a node (EXPLAIN VERBOSE)."""

    number: int
    actual_startup_seconds: float | None = None
    actual_total_seconds: float | None = None
    actual_rows: float | None = None
    loops: int | None = None
    buffers: Buffers | None = None
    sorting: Sorting | None = None
    hash_table: HashTable | None = None
    jit: Jit | None = None
    other: Other = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanTrigger:
    """A trigger that fired. `constraint` is the foreign key's name where it enforces one."""

    name: str
    relation: str = ""
    constraint: str = ""
    seconds: float | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Serialization:
    """Turning the result into bytes (EXPLAIN (SERIALIZE), PostgreSQL 17 and later)."""

    seconds: float | None = None
    output_bytes: int = 0
    format: str = ""
    buffers: Buffers | None = None


@dataclass(frozen=True, slots=True)
class PlanningMemory:
    """EXPLAIN (MEMORY), PostgreSQL 17 and later."""

    used_bytes: int = 0
    allocated_bytes: int = 0

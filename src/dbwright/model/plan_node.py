"""One node of a query plan, with what the planner expected and what ran.

Figures are kept as EXPLAIN gives them: `rows`, `actual_rows` and the actual times are averages of
one loop, and under a Gather a loop is one participant's. What EXPLAIN did not tell is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbwright.model.plan_figures import (
    Buffers,
    HashTable,
    IoTimings,
    Memoized,
    Other,
    PlanWorker,
    Sorting,
    Wal,
)

__all__ = ["PlanNode"]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node. Conditions are the server's own text."""

    kind: str
    """EXPLAIN's Node Type: `Seq Scan`, `Hash Join`, `Aggregate`, `ModifyTable` …"""
    number: int = 0
    """Its place in the plan, from 0, parents before children."""
    parent_relationship: str = ""
    """Outer, Inner, Subquery, Member, InitPlan, SubPlan; empty for the root."""
    subplan_name: str = ""
    """`InitPlan 1`, `SubPlan 2`, `CTE x`; a version up to 16 adds what it returns."""
    strategy: str = ""
    """Of an Aggregate or SetOp: Plain, Sorted, Hashed, Mixed."""
    partial_mode: str = ""
    """Of an Aggregate: Simple, Partial or Finalize."""
    parallel_aware: bool = False
    async_capable: bool = False
    disabled: bool = False
    """Chosen although a setting (enable_…) says no (PostgreSQL 18 and later)."""
    join_type: str = ""
    """Inner, Left, Full, Right, Semi, Anti, Right Anti, Right Semi."""
    inner_unique: bool = False
    operation: str = ""
    """Of a ModifyTable or Foreign Scan: Insert, Update, Delete, Merge, Select."""
    command: str = ""
    """Of a SetOp: Except, Intersect All …"""
    scan_direction: str = ""
    provider: str = ""
    """Of a Custom Scan."""
    schema: str = ""
    relation: str = ""
    """Table, function, CTE or tuplestore that it scans or changes."""
    alias: str = ""
    index: str = ""
    startup_cost: float | None = None
    total_cost: float | None = None
    rows: float | None = None
    """Expected, of one loop."""
    width: int | None = None
    """Bytes of a row."""
    actual_startup_seconds: float | None = None
    actual_total_seconds: float | None = None
    actual_rows: float | None = None
    loops: int | None = None
    """0: never executed."""
    workers_planned: int | None = None
    workers_launched: int | None = None
    single_copy: bool = False
    workers: tuple[PlanWorker, ...] = ()
    buffers: Buffers | None = None
    io: IoTimings | None = None
    wal: Wal | None = None
    output: tuple[str, ...] = ()
    filter: str = ""
    index_condition: str = ""
    recheck_condition: str = ""
    hash_condition: str = ""
    merge_condition: str = ""
    join_filter: str = ""
    one_time_filter: str = ""
    tid_condition: str = ""
    run_condition: str = ""
    order_by: str = ""
    """Of an index scan that returns rows by distance."""
    sort_key: tuple[str, ...] = ()
    presorted_key: tuple[str, ...] = ()
    group_key: tuple[str, ...] = ()
    grouping_sets: tuple[tuple[str, ...], ...] = ()
    rows_removed_by_filter: float | None = None
    rows_removed_by_join_filter: float | None = None
    rows_removed_by_index_recheck: float | None = None
    """Rows removed are averages of one loop, as actual_rows is."""
    heap_fetches: int | None = None
    """Sum of all loops, as are index searches."""
    index_searches: int | None = None
    exact_blocks: int | None = None
    lossy_blocks: int | None = None
    sorting: Sorting | None = None
    hash_table: HashTable | None = None
    memoized: Memoized | None = None
    storage: str = ""
    """Memory or Disk, of a Materialize, CTE Scan, WindowAgg (PostgreSQL 18 and later)."""
    storage_bytes: int | None = None
    subplans_removed: int = 0
    """Partitions that were left out when the plan was started."""
    other: Other = field(default_factory=dict)
    """What has no field of its own, by EXPLAIN's name."""
    children: tuple[PlanNode, ...] = ()

    @property
    def name(self) -> str:
        """As EXPLAIN's text begins the node: `Parallel Hash Left Join`, `HashAggregate`."""
        words = {
            "Aggregate": lambda: _AGGREGATES.get(self.strategy, "Aggregate"),
            "SetOp": lambda: f"{'Hash' if self.strategy == 'Hashed' else ''}SetOp {self.command}",
            "ModifyTable": lambda: self.operation or "ModifyTable",
            "Custom Scan": lambda: f"Custom Scan ({self.provider})",
        }
        text = words.get(self.kind, lambda: self.kind)().strip()
        if self.kind == "Foreign Scan" and self.operation not in ("", "Select"):
            text = f"Foreign {self.operation}"
        if self.partial_mode in ("Partial", "Finalize"):
            text = f"{self.partial_mode} {text}"
        if self.join_type not in ("", "Inner"):
            text = f"{text.removesuffix(' Join')} {self.join_type} Join"
        if self.scan_direction == "Backward":
            text += " Backward"
        return ("Parallel " if self.parallel_aware else "") + (
            f"Async {text}" if self.async_capable else text
        )

    @property
    def on(self) -> str:
        """What it works on, as a person would name it; empty for a node above others."""
        return self.relation or self.alias or (self.index if not self.children else "")

    @property
    def executed(self) -> bool:
        """Did it run? (False also where the plan was not run at all.)"""
        return bool(self.loops)

    @property
    def total_rows(self) -> float | None:
        """Rows of all loops and all participants."""
        if self.actual_rows is None or self.loops is None:
            return None
        return self.actual_rows * self.loops

    @property
    def removed_by_filter(self) -> float:
        """Rows of all loops that the node read and a filter discarded."""
        removed = (self.rows_removed_by_filter or 0) + (self.rows_removed_by_join_filter or 0)
        return removed * (self.loops or 0)

    @property
    def runs_first(self) -> bool:
        """Is it an InitPlan (a CTE included), which runs once, when its result is asked for?"""
        return self.parent_relationship == "InitPlan"

    def walk(self) -> Iterator[PlanNode]:
        """This node, then all below it, parents before children."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))


_AGGREGATES = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate", "Mixed": "MixedAggregate"}

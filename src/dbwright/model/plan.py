"""A query plan as EXPLAIN tells it: a tree of nodes, with what the planner expected and what ran.

Figures are kept as EXPLAIN gives them: `rows`, `actual_rows` and the actual times are averages of
one loop, and under a Gather a loop is one participant's. The properties `total_rows` and
`Plan.elapsed` / `Plan.own_seconds` give the sums. Times are seconds, sizes bytes, buffers blocks
(8 kB unless the server was built otherwise). What EXPLAIN did not tell is None; so is what its text
leaves out because it is zero (rows removed, buffers of a node that touched none).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbwright.model.plan_figures import (
    Buffers,
    HashTable,
    IoTimings,
    Jit,
    Memoized,
    Other,
    PlanningMemory,
    PlanTrigger,
    PlanWorker,
    Serialization,
    Sorting,
    Wal,
)
from dbwright.model.plan_node import PlanNode

__all__ = [
    "Buffers",
    "HashTable",
    "IoTimings",
    "Jit",
    "Memoized",
    "Other",
    "Plan",
    "PlanNode",
    "PlanTrigger",
    "PlanWorker",
    "PlanningMemory",
    "Serialization",
    "Sorting",
    "Wal",
]


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    root: PlanNode
    query: str = ""
    """The statement's text where it is known."""
    planning_seconds: float | None = None
    execution_seconds: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Planner settings that differ from their defaults (EXPLAIN (SETTINGS))."""
    triggers: tuple[PlanTrigger, ...] = ()
    jit: Jit | None = None
    planning_buffers: Buffers | None = None
    planning_memory: PlanningMemory | None = None
    serialization: Serialization | None = None
    query_id: int | None = None
    other: Other = field(default_factory=dict)

    def walk(self) -> Iterator[PlanNode]:
        """Every node, parents before children: in the order of their numbers."""
        return self.root.walk()

    @cached_property
    def nodes(self) -> tuple[PlanNode, ...]:
        """Every node; `nodes[n].number == n`."""
        return tuple(self.walk())

    @cached_property
    def analyzed(self) -> bool:
        """Was it run, so that there are actual rows?"""
        return self.root.loops is not None

    @cached_property
    def timed(self) -> bool:
        """Are there actual times of the nodes?"""
        return self.root.actual_total_seconds is not None

    @cached_property
    def indexes(self) -> tuple[str, ...]:
        """Names of the indexes it uses, sorted."""
        return tuple(sorted({node.index for node in self.nodes if node.index}))

    @cached_property
    def _parents(self) -> dict[int, PlanNode]:
        return {child.number: node for node in self.nodes for child in node.children}

    def parent(self, node: PlanNode) -> PlanNode | None:
        """None for the root."""
        return self._parents.get(node.number)

    def ancestors(self, node: PlanNode) -> Iterator[PlanNode]:
        """From the parent to the root."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    @cached_property
    def seconds(self) -> float | None:
        """Of the execution; without it, of the root node."""
        if self.execution_seconds is not None:
            return self.execution_seconds
        return self.elapsed(self.root)

    def elapsed(self, node: PlanNode) -> float | None:
        """Seconds from the node's first start to its last row, all loops, everything below it
        included; under a Gather of one participant, on average. None where it was not measured."""
        return self._elapsed.get(node.number)

    def own_seconds(self, node: PlanNode) -> float | None:
        """`elapsed` without what was spent in other nodes: children, subplans, and the InitPlans
        and CTEs that it was the first to ask. None where it was not measured."""
        return self._own_seconds.get(node.number)

    def own_cost(self, node: PlanNode) -> float | None:
        """The node's part of the plan's total cost; None where EXPLAIN gave no costs."""
        return self._own_costs.get(node.number)

    @cached_property
    def _elapsed(self) -> Mapping[int, float]:
        from dbwright.model.plan_times import elapsed

        return elapsed(self)

    @cached_property
    def _own_seconds(self) -> Mapping[int, float]:
        from dbwright.model.plan_times import own_seconds

        return own_seconds(self)

    @cached_property
    def _own_costs(self) -> Mapping[int, float]:
        from dbwright.model.plan_times import own_costs

        return own_costs(self)

    def share(self, node: PlanNode) -> float | None:
        """0 to 1: the node's own part of the plan's time, of its cost where it was not timed."""
        own, whole = self.own_seconds(node), self._whole_seconds
        if own is None or not whole:
            own, whole = self.own_cost(node), self.root.total_cost or 0.0
        return None if own is None or not whole else min(1.0, own / whole)

    @cached_property
    def _whole_seconds(self) -> float:
        """Of all nodes: under parallel workers a little more or less than the root's."""
        return max(sum(self._own_seconds.values()), self.elapsed(self.root) or 0.0)

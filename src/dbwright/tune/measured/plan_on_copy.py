"""What the copy's planner does with a statement: told so that two plans can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.model.names import qualify

__all__ = ["PlanOnCopy", "plan_on_copy"]

ESTIMATES = frozenset(
    (
        "Actual Loops, Actual Rows, Actual Startup Time, Actual Total Time, Plan Rows, Plan Width, "
        "Planned Partitions, Startup Cost, Total Cost"
    ).split(", ")
)
"""Fields of a plan that may differ where it is the same plan."""
SCANS = frozenset(
    {
        "Seq Scan",
        "Index Scan",
        "Index Only Scan",
        "Bitmap Heap Scan",
        "Tid Scan",
        "Tid Range Scan",
        "Sample Scan",
    }
)


@dataclass(frozen=True, slots=True)
class PlanOnCopy:
    """What the copy's planner does."""

    shape: str
    """Equal for the same plan."""
    cost: float
    used: frozenset[int] = frozenset()
    """New indexes, and those to be dropped, by number."""
    relations: frozenset[str] = frozenset()
    """Tables that it scans, qualified."""


def plan_on_copy(plan: Mapping[str, Any], numbers: Mapping[tuple[str, str], int]) -> PlanOnCopy:
    """`plan` as EXPLAIN (VERBOSE, FORMAT JSON) gives it; `numbers` of the changes, by schema and
    name of the index."""
    nodes = list(_walk(plan, ""))
    names = {(schema, node["Index Name"]) for schema, node in nodes if "Index Name" in node}
    return PlanOnCopy(
        shape=json.dumps(_shape(plan), sort_keys=True),
        cost=float(plan["Total Cost"]),
        used=frozenset(numbers[name] for name in names if name in numbers),
        relations=frozenset(
            qualify(node["Schema"], node["Relation Name"])
            for _, node in nodes
            if node["Node Type"] in SCANS and "Schema" in node and "Relation Name" in node
        ),
    )


def _walk(node: Mapping[str, Any], schema: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each node with its schema: that of a bitmap index scan is that of the table above it."""
    schema = node.get("Schema", schema)
    yield schema, node
    for child in node.get("Plans", ()):
        yield from _walk(child, schema)


def _shape(node: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if name not in ESTIMATES}
    if "Plans" in kept:
        kept["Plans"] = [_shape(child) for child in kept["Plans"]]
    return kept

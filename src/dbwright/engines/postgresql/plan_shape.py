"""What is known of each kind of node: how many children it has, and what they are to it."""

from __future__ import annotations

from typing import Any

from dbwright.errors import NotAPlan

__all__ = ["KINDS", "relate", "shaped", "wanted"]

LEAVES = frozenset(
    {
        "Bitmap Index Scan",
        "CTE Scan",
        "Foreign Scan",
        "Function Scan",
        "Index Only Scan",
        "Index Scan",
        "Named Tuplestore Scan",
        "Sample Scan",
        "Seq Scan",
        "Table Function Scan",
        "Tid Range Scan",
        "Tid Scan",
        "Values Scan",
        "WorkTable Scan",
    }
)
ONE = frozenset(
    {
        "Aggregate",
        "Bitmap Heap Scan",
        "Gather",
        "Gather Merge",
        "Group",
        "Hash",
        "Incremental Sort",
        "Limit",
        "LockRows",
        "Materialize",
        "Memoize",
        "ProjectSet",
        "Sort",
        "Subquery Scan",
        "Unique",
        "WindowAgg",
    }
)
TWO = frozenset({"Hash Join", "Merge Join", "Nested Loop", "Recursive Union"})
MEMBERS = frozenset({"Append", "Merge Append", "BitmapAnd", "BitmapOr"})
KINDS = LEAVES | ONE | TWO | MEMBERS | {"ModifyTable", "Result", "SetOp"}
"""Every kind that EXPLAIN of PostgreSQL 12 to 18 may print."""

SUBPLANS = ("InitPlan", "SubPlan")


def relate(node: dict[str, Any]) -> None:
    """Say what a node's children are to it, as EXPLAIN's other formats do."""
    kind = node["Node Type"]
    children = [
        child for child in node.get("Plans", ()) if child.get("Parent Relationship") not in SUBPLANS
    ]
    # Up to 13 an UPDATE of several tables has one child for each.
    members = kind in MEMBERS or (kind == "ModifyTable" and len(children) > 1)
    for place, child in enumerate(children):
        if members:
            child["Parent Relationship"] = "Member"
        elif kind == "Subquery Scan":
            child["Parent Relationship"] = "Subquery"
        else:
            child["Parent Relationship"] = "Outer" if place == 0 else "Inner"


def shaped(nodes: list[dict[str, Any]]) -> None:
    """Build the tree from the nodes in their order, by how many children each must have.

    Raises NotAPlan where that leaves a choice (the members of an Append that is not the last).
    """
    left = nodes[1:]
    open_nodes: list[tuple[dict[str, Any], int | None]] = [
        (nodes[0], wanted(nodes[0]["Node Type"]))
    ]
    for node in left:
        while open_nodes and open_nodes[-1][1] == 0:
            open_nodes.pop()
        if not open_nodes:
            raise _lost()
        parent, count = open_nodes.pop()
        if count is None and any(more is None or more > 0 for _, more in open_nodes):
            raise _lost()
        parent.setdefault("Plans", []).append(node)
        open_nodes.append((parent, None if count is None else count - 1))
        open_nodes.append((node, wanted(node["Node Type"])))
    if any(count for _, count in open_nodes):
        raise _lost()


def wanted(kind: str) -> int | None:
    """How many children a node of that kind has; None for any number."""
    if kind in LEAVES:
        return 0
    if kind in ONE:
        return 1
    return 2 if kind in TWO else None


def _lost() -> NotAPlan:
    return NotAPlan(
        "the plan's indentation is lost, and the tree can't be told without it",
        "paste it with its leading spaces, or the output of EXPLAIN (FORMAT JSON)",
    )

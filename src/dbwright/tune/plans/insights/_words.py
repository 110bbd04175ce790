"""How insights name nodes and write figures."""

from __future__ import annotations

from dbwright.model.plan import Plan, PlanNode

__all__ = ["count", "error_factor", "many", "share_of_time", "titled", "under_limit"]


def titled(node: PlanNode) -> str:
    """`Seq Scan on orders`, `Index Scan using orders_pkey on orders`."""
    using = f" using {node.index}" if node.index and node.kind != "Bitmap Index Scan" else ""
    return f"{node.name}{using} on {node.on}" if node.on else node.name


def count(number: float) -> str:
    """With separators; less than ten with the decimals that averages have."""
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:,.1f}"


def many(factor: float) -> str:
    """`12 times`, `3.4 times`."""
    return f"{count(factor) if factor >= 10 else f'{factor:.1f}'} times"


def error_factor(node: PlanNode) -> float:
    """How many times more or fewer rows there were than expected; 1 where that can't be told.

    Neither is taken for less than one row: the planner never expects less.
    """
    if node.rows is None or node.actual_rows is None or not node.executed:
        return 1.0
    expected, actual = max(node.rows, 1.0), max(node.actual_rows, 1.0)
    return max(expected / actual, actual / expected)


def share_of_time(plan: Plan, node: PlanNode) -> dict[str, float]:
    """Evidence: the node's own part of the plan's time, where it was timed."""
    share = plan.share(node) if plan.timed else None
    return {} if share is None else {"time_fraction": round(share, 3)}


def under_limit(plan: Plan, node: PlanNode) -> bool:
    """May the node have been stopped before it gave all its rows?

    By a LIMIT above it, or by a join that needs no more: a semi or anti join's inner side, and
    either side of a merge join once the other one has ended. Whatever reads all of its input
    before it gives the first row stands in between.
    """
    below = node
    for above in plan.ancestors(node):
        if below.parent_relationship in ("SubPlan", "InitPlan"):
            return above.kind != "CTE Scan"  # EXISTS stops at the first row, a CTE where asked
        if above.kind in ("Limit", "Merge Join"):
            return True
        inner = below.parent_relationship == "Inner"
        if inner and (above.join_type in ("Semi", "Anti") or above.inner_unique):
            return True
        if above.kind in ("Sort", "Hash") or (above.kind == "Aggregate" and not above.group_key):
            return False
        below = above
    return False

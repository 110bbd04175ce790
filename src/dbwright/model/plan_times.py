"""Which node of a plan took the time, or is to cost it: sums without counting anything twice.

EXPLAIN gives times of one loop, children included. Under a Gather every participant counts its own
loops, so the sum is divided by the participants to get back to time on the clock. An InitPlan runs
when the first node asks for its result, a CTE's plan when a CTE Scan asks for rows: their time is
inside the asking node's, wherever the plan shows them.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.plan import Plan, PlanNode

__all__ = ["elapsed", "own_costs", "own_seconds", "participants"]

GATHERS = ("Gather", "Gather Merge")
CTE = "CTE "


def participants(plan: Plan) -> Mapping[int, float]:
    """How many processes ran each node at the same time, by the node's number; 1 for most."""
    found: dict[int, float] = {}

    def enter(node: PlanNode, count: float) -> None:
        found[node.number] = count
        for child in node.children:
            gathered = node.kind in GATHERS and child.parent_relationship in ("Outer", "")
            enter(child, count * _participants_of(node, child) if gathered else count)

    enter(plan.root, 1.0)
    return found


def _participants_of(gather: PlanNode, child: PlanNode) -> float:
    """The partial plan below a Gather is started once by each participant."""
    if gather.loops and child.loops and child.loops >= gather.loops:
        return child.loops / gather.loops
    return 1.0 if gather.single_copy else (gather.workers_launched or 0) + 1.0


def elapsed(plan: Plan) -> Mapping[int, float]:
    """Seconds on the clock of each node with all below it, by number; only of timed nodes."""
    counts = participants(plan)
    return {
        node.number: node.actual_total_seconds * (node.loops or 0) / counts[node.number]
        for node in plan.nodes
        if node.actual_total_seconds is not None
    }


def own_seconds(plan: Plan) -> Mapping[int, float]:
    """Seconds of each node alone, by number. Never below zero: EXPLAIN rounds."""
    whole = elapsed(plan)
    own = {
        node.number: whole[node.number]
        - sum(whole.get(c.number, 0.0) for c in node.children if not c.runs_first)
        for node in plan.nodes
        if node.number in whole
    }
    for node in plan.nodes:
        if node.runs_first and node.number in whole:
            _take_from_readers(plan, node, whole[node.number], own)
    return {number: max(0.0, seconds) for number, seconds in own.items()}


def _take_from_readers(
    plan: Plan, subplan: PlanNode, seconds: float, own: dict[int, float]
) -> None:
    """Take an InitPlan's time from those that asked for it, in the order of the plan."""
    for reader in _readers(plan, subplan):
        taken = min(max(0.0, own.get(reader.number, 0.0)), seconds)
        if taken:
            own[reader.number] -= taken
            seconds -= taken


def _readers(plan: Plan, subplan: PlanNode) -> list[PlanNode]:
    name = subplan.subplan_name
    inside = {node.number for node in subplan.walk()}
    outside = [node for node in plan.nodes if node.number not in inside]
    if name.startswith(CTE):
        # One that changes rows and that nobody reads runs at the end, outside of every node.
        wanted = name.removeprefix(CTE)
        return [n for n in outside if n.kind == "CTE Scan" and n.relation == wanted]
    marks = _marks(name)
    readers = [node for node in outside if any(mark in _expressions(node) for mark in marks)]
    above = plan.parent(subplan)
    return readers + ([above] if above is not None else [])


def _marks(name: str) -> tuple[str, ...]:
    """How expressions refer to an InitPlan: `(InitPlan 1).col1` (17 and later), before `$0`."""
    plain, _, returned = name.partition(" (returns ")
    if returned:
        return tuple(part.strip() for part in returned.rstrip(")").split(","))
    return (f"({plain})",)


def _expressions(node: PlanNode) -> str:
    return " ".join(
        (
            node.filter,
            node.index_condition,
            node.recheck_condition,
            node.hash_condition,
            node.merge_condition,
            node.join_filter,
            node.one_time_filter,
            node.tid_condition,
            *node.output,
            *node.sort_key,
        )
    )


def own_costs(plan: Plan) -> Mapping[int, float]:
    """The part of the root's total cost that is each node's, by number.

    A child is taken to cost what it says times how often it is expected to run, and never more
    than is left of its parent: below a LIMIT most of a child's cost is not paid.
    """
    if plan.root.total_cost is None:
        return {}
    own: dict[int, float] = {}

    def enter(node: PlanNode, paid: float) -> None:
        left = paid
        for child in node.children:
            asked = (child.total_cost or 0.0) * _expected_runs(node, child)
            share = min(left, asked)
            left -= share
            enter(child, share)
        own[node.number] = left

    enter(plan.root, plan.root.total_cost)
    return own


def _expected_runs(node: PlanNode, child: PlanNode) -> float:
    if child.parent_relationship == "SubPlan":
        return max(1.0, node.rows or 1.0)
    if node.kind == "Nested Loop" and child.parent_relationship == "Inner":
        # A Materialize or Memoize is cheaper from the second time on, so this may be too much;
        # what is left of the parent bounds it.
        return max(1.0, node.children[0].rows or 1.0)
    return 1.0

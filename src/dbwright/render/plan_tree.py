"""A plan as lines of a tree: what every format shows of a node, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.explanation import Explanation, Imagined
from dbwright.model.names import qualify, quote
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.report import Skipped
from dbwright.render.text import visible
from dbwright.render.units import bytes_text, seconds_text

__all__ = [
    "TreeLine",
    "bar",
    "conditions",
    "decided",
    "figures",
    "heading_of",
    "next_command",
    "number_text",
    "own_text",
    "rows_text",
    "titled",
    "tree_lines",
]

FULL, EMPTY = "█", "·"
EIGHTHS = " ▏▎▍▌▋▊▉"
WRONG = 10.0
"""So many times more or fewer rows than expected are marked."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One node, and the lines that lead to it."""

    node: PlanNode
    lead: str
    """`│  ├─ `, before the node's name."""
    under: str
    """The same for what is written below the name."""
    depth: int


def tree_lines(plan: Plan) -> Iterator[TreeLine]:
    """The nodes in the plan's order."""
    pending: list[tuple[PlanNode, str, str, int]] = [(plan.root, "", "", 0)]
    while pending:
        node, lead, under, depth = pending.pop()
        below = "│ " if node.children else "  "
        yield TreeLine(node, lead, under + below, depth)
        children: list[tuple[PlanNode, str, str, int]] = []
        for place, child in enumerate(node.children, 1):
            last = place == len(node.children)
            branch, rest = ("└ ", "  ") if last else ("├ ", "│ ")
            children.append((child, under + branch, under + rest, depth + 1))
        pending += reversed(children)


def titled(node: PlanNode) -> str:
    """`CTE big: Index Scan using orders_pkey on shop.orders o`."""
    text = node.name
    if node.index and node.kind != "Bitmap Index Scan":
        text += f" using {quote(node.index)}"
    if node.on:
        text += f" on {qualify(node.schema, node.on) if node.schema else quote(node.on)}"
    if node.alias and node.relation and node.alias != node.relation:
        text += f" {quote(node.alias)}"
    return visible(f"{node.subplan_name}: {text}" if node.subplan_name else text)


def bar(share: float | None, width: int) -> str:
    """A bar of `width` columns, exact to an eighth of one."""
    if share is None:
        return " " * width
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if share > 0 and eighths == 0:
        eighths = 1
    whole, rest = divmod(eighths, 8)
    return (FULL * whole + (EIGHTHS[rest] if rest else "")).ljust(width)


def number_text(number: float | None) -> str:
    """At most five columns: `950`, `1.2k`, `34M`."""
    if number is None:
        return ""
    for limit, divisor, unit in ((1e3, 1.0, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M")):
        if number < limit * 0.9995:
            return _short(number / divisor) + unit
    return _short(number / 1e9) + "G"


def _short(number: float) -> str:
    if 0 < number < 0.95:
        return f"{number:.2g}"
    return f"{number:.1f}".removesuffix(".0") if number < 99.95 else f"{number:,.0f}"


def own_text(plan: Plan, node: PlanNode) -> str:
    """The node's own time, or its part of the cost where there are no times."""
    seconds = plan.own_seconds(node)
    if seconds is not None:
        return seconds_text(seconds) if node.executed else "never"
    cost = plan.own_cost(node)
    return "" if cost is None else number_text(cost)


def rows_text(node: PlanNode) -> tuple[str, str, bool]:
    """Rows found, rows expected (both of all loops), and whether they are far apart."""
    if not node.loops:
        return ("-" if node.loops == 0 else ""), number_text(node.rows), False
    expected = None if node.rows is None else node.rows * node.loops
    found = node.total_rows
    if found is None or expected is None or node.kind in ("BitmapAnd", "BitmapOr"):
        return number_text(found), number_text(expected), False
    high, low = max(found, expected, 1.0), max(min(found, expected), 1.0)
    return number_text(found), number_text(expected), high / low >= WRONG


def conditions(node: PlanNode) -> tuple[tuple[str, str], ...]:
    """What the node compares, sorts and groups by, with EXPLAIN's names."""
    every = (
        ("Index Cond", node.index_condition),
        ("Recheck Cond", node.recheck_condition),
        ("Hash Cond", node.hash_condition),
        ("Merge Cond", node.merge_condition),
        ("Join Filter", node.join_filter),
        ("TID Cond", node.tid_condition),
        ("One-Time Filter", node.one_time_filter),
        ("Run Condition", node.run_condition),
        ("Order By", node.order_by),
        ("Sort Key", ", ".join(node.sort_key)),
        ("Group Key", ", ".join(node.group_key)),
        ("Filter", node.filter),
    )
    return tuple((name, visible(text)) for name, text in every if text)


def figures(node: PlanNode) -> tuple[str, ...]:
    """What else is worth a word: loops, discarded rows, memory, workers."""
    facts: list[str] = []
    if (node.loops or 0) > 1:
        facts.append(f"{node.loops:,} loops")
    if node.removed_by_filter:
        facts.append(f"{node.removed_by_filter:,.0f} rows discarded")
    if node.workers_planned:
        launched = node.workers_launched
        facts.append(
            f"{node.workers_planned} workers planned"
            + (f", {launched} launched" if launched is not None else "")
        )
    if node.sorting is not None:
        place = "on disk" if node.sorting.on_disk else "in memory"
        facts.append(f"{node.sorting.method}, {bytes_text(node.sorting.space_bytes)} {place}")
    table = node.hash_table
    if table is not None and (table.batches or 0) > 1:
        facts.append(f"{table.batches} batches")
    if node.memoized is not None and node.memoized.hits is not None:
        facts.append(f"{node.memoized.hits:,} hits, {node.memoized.misses or 0:,} misses")
    if node.heap_fetches:
        facts.append(f"{node.heap_fetches:,} heap fetches")
    if node.lossy_blocks:
        facts.append(f"{node.lossy_blocks:,} lossy pages")
    if node.subplans_removed:
        facts.append(f"{node.subplans_removed} partitions left out")
    if node.buffers is not None and node.buffers.shared_read:
        facts.append(f"{node.buffers.shared_read:,} blocks read")
    return tuple(visible(fact) for fact in facts)


def heading_of(explanation: Explanation) -> str:
    """One line about the whole plan."""
    plan = explanation.plan
    facts = [f"{len(plan.nodes)} nodes" if len(plan.nodes) > 1 else "1 node"]
    if plan.execution_seconds is not None:
        facts.append(f"execution {seconds_text(plan.execution_seconds)}")
    if plan.planning_seconds is not None:
        facts.append(f"planning {seconds_text(plan.planning_seconds)}")
    if plan.root.total_cost is not None:
        facts.append(f"cost {plan.root.total_cost:,.0f}")
    buffers = plan.root.buffers
    if buffers is not None and (buffers.shared_hit or buffers.shared_read):
        facts.append(f"{buffers.shared_hit + buffers.shared_read:,} blocks")
    if plan.jit is not None and plan.jit.total_seconds is not None:
        facts.append(f"JIT {seconds_text(plan.jit.total_seconds)}")
    if not plan.analyzed:
        facts.append("not run: estimates only")
    if explanation.imagined is not None:
        facts.append(_imagined(explanation.imagined))
    return " · ".join(facts)


def _imagined(imagined: Imagined) -> str:
    """`as if there were …: without it the cost is 1,234`."""
    indexes = " and ".join(
        f"{index.definition} ({bytes_text(index.bytes)}{'' if index.used else ', not used'})"
        for index in imagined.indexes
    )
    return f"as if there were {indexes}; without: cost {imagined.cost_without:,.0f}"


def next_command(explanation: Explanation) -> tuple[str, str]:
    """What to do now, in words and as a command."""
    if not explanation.plan.analyzed:
        return "see where the time really goes:", explanation.measure
    if any(remark.finding.fix is not None for remark in explanation.remarks):
        return "apply a fix, then compare:", explanation.measure
    return "review the schema behind it:", "dbwright check"


def decided(skipped: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    """What was not looked at, each thing once."""
    return tuple(dict.fromkeys(skipped))

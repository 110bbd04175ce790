"""An explanation as JSON: the plan's tree with own times and costs, and the remarks on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from dbwright.model.explanation import Explanation, Remark
from dbwright.model.plan import Buffers, IoTimings, Plan, PlanNode, Wal
from dbwright.render.json import finding_document, skipped_document
from dbwright.render.text import finite, json_text

__all__ = ["render"]

SCHEMA_VERSION = 1
TREE = ("children", "root")


def render(explanation: Explanation) -> str:
    """JSON, the same bytes for the same explanation. What EXPLAIN did not tell is left out."""
    plan = explanation.plan
    return json_text(
        {
            "schema_version": SCHEMA_VERSION,
            "command": explanation.command,
            "target": explanation.target,
            "plan": {**told(plan, TREE), "analyzed": plan.analyzed, "root": tree(plan, plan.root)},
            **(
                {"imagined": told(explanation.imagined)} if explanation.imagined is not None else {}
            ),
            "remarks": [remark_document(remark) for remark in explanation.remarks],
            "skipped": [skipped_document(skipped) for skipped in explanation.skipped],
        }
    )


def remark_document(remark: Remark) -> dict[str, object]:
    return {"node": remark.node, **finding_document(remark.finding)}


def tree(plan: Plan, node: PlanNode) -> dict[str, object]:
    """A node with what was worked out for it, and those below it."""
    worked_out = {
        "elapsed_seconds": plan.elapsed(node),
        "own_seconds": plan.own_seconds(node),
        "own_cost": plan.own_cost(node),
        "share": plan.share(node),
        "total_rows": node.total_rows,
    }
    known = {
        # Nanoseconds and hundredths: more digits are only how floats are written.
        name: finite(round(value, 9))
        for name, value in worked_out.items()
        if value is not None
    }
    children = [tree(plan, child) for child in node.children]
    return {**told(node, TREE), **known, **({"children": children} if children else {})}


def told(noun: Any, without: tuple[str, ...] = ()) -> dict[str, object]:
    """The fields of a noun that hold something. 0 and False are held where they were told."""
    found = {
        each.name: getattr(noun, each.name) for each in fields(noun) if each.name not in without
    }
    return {
        name: plain(value)
        for name, value in found.items()
        if value is not None and value != "" and value is not False and not is_empty(value)
    }


def plain(value: Any) -> object:
    if isinstance(value, Buffers | IoTimings | Wal):  # most of their figures are zero
        return {name: figure for name, figure in told(value).items() if figure}
    if is_dataclass(value) and not isinstance(value, type):
        return told(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return finite(value)


def is_empty(value: Any) -> bool:
    return isinstance(value, tuple | Mapping) and not value

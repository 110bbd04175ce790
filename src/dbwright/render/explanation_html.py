"""An explanation as one HTML file: no network, light and dark.

The plan, the insights and the statement are there without any script. Below them a frame holds
pev2, in which the plan can be explored. All text of the plan and of the statement is escaped by
jinja2, and a Content-Security-Policy that names the hashes of our style and of what the frame holds
keeps anything else from being loaded or run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dbwright.model.explanation import Explanation
from dbwright.model.plan import PlanNode
from dbwright.render.explanation_terminal import numbered
from dbwright.render.html import asset, environment, hash_of
from dbwright.render.plan_tree import (
    TreeLine,
    conditions,
    decided,
    figures,
    heading_of,
    own_text,
    rows_text,
    titled,
    tree_lines,
)
from dbwright.render.plan_viewer import policy_sources, vendored, viewer
from dbwright.render.text import plural, visible

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render"]

BAR = 84
"""Units of the bar's drawing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A node as the page shows it; all text is safe to show once it is escaped."""

    lead: str
    name: str
    tone: str
    percent: str
    bar: int
    heat: str
    own: str
    found: str
    expected: str
    wrong: bool
    remarks: tuple[int, ...]
    details: tuple[tuple[str, str], ...]


def render(explanation: Explanation) -> str:
    """A self-contained page."""
    style = asset("report.css") + "\n" + asset("explanation.css")
    count = len(explanation.remarks)
    styles, scripts = policy_sources()
    return template().render(
        explanation=explanation,
        plan=explanation.plan,
        title=f"{plural(count, 'remark')} on this plan" if count else "Nothing stands out",
        heading=heading_of(explanation),
        rows=[row(explanation, line) for line in tree_lines(explanation.plan)],
        remarks=[(number, remark.finding) for number, remark in numbered(explanation)],
        skipped=decided(explanation.skipped),
        style=style,
        style_hashes=(hash_of(style), *styles),
        script_hashes=scripts,
        frame=in_attribute(viewer(explanation.plan)),
        viewer_version=vendored().version,
    )


def in_attribute(document: str) -> str:
    """A document as the value of an attribute in single quotes. Double quotes stay: a script has
    thousands of them, and each would take six bytes."""
    return document.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")


@cache
def template() -> Template:
    return environment().get_template("explanation.html.j2")


def row(explanation: Explanation, line: TreeLine) -> Row:
    plan, node = explanation.plan, line.node
    share = plan.share(node)
    found, expected, wrong = rows_text(node)
    worst = explanation.worst
    return Row(
        lead=line.lead,
        name=titled(node),
        tone="worst"
        if worst is not None and worst.number == node.number
        else ("idle" if node.loops == 0 else ""),
        percent="" if share is None else f"{share * 100:.0f} %",
        bar=round((share or 0.0) * BAR),
        heat="hot" if (share or 0) >= 0.5 else "warm" if (share or 0) >= 0.2 else "",
        own=own_text(plan, node),
        found=found,
        expected=expected,
        wrong=wrong,
        remarks=tuple(n for n, remark in numbered(explanation) if remark.node == node.number),
        details=details(node),
    )


def details(node: PlanNode) -> tuple[tuple[str, str], ...]:
    """Everything else that is known of the node, with labels."""
    facts = " · ".join(figures(node))
    output = ", ".join(node.output)
    cost = (
        ""
        if node.total_cost is None
        else f"{node.startup_cost or 0:,.2f} to {node.total_cost:,.2f}, "
        f"{node.rows or 0:,.0f} rows of {node.width or 0} bytes"
    )
    every = (
        *conditions(node),
        ("Figures", facts),
        ("Estimate", cost),
        ("Output", visible(output)),
        *((visible(name), visible(str(value))) for name, value in node.other.items()),
    )
    return tuple((label, text) for label, text in every if text)

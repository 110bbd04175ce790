"""An explanation for a pull request's comment or an issue: the tree in a fence, then the remarks.

The text of a plan is data: it stands in fences longer than any run of backticks in it, or escaped.
"""

from __future__ import annotations

from dbwright.model.explanation import Explanation, Remark
from dbwright.render.explanation_terminal import numbered, write_tree
from dbwright.render.markdown import MARK, block, code, fence_for, prose
from dbwright.render.plan_tree import decided, heading_of
from dbwright.render.terminal_page import Page
from dbwright.render.text import fold, visible_sql
from dbwright.render.units import evidence_text

__all__ = ["render"]

WIDTH = 100
LONGEST_TREE = 300
"""Lines; a comment of a well-known code host ends at 65,536 characters."""
LONGEST_QUERY = 5000
"""Characters; what is more is cut."""


def render(explanation: Explanation) -> str:
    """The explanation as GitHub-flavoured Markdown."""
    lines = [f"## Plan on {code(explanation.target)}", "", prose(heading_of(explanation)), ""]
    lines += query(explanation.plan.query)
    page = Page(WIDTH, False)
    write_tree(page, explanation, verbose=False)
    lines += fenced(beginning(page.text().splitlines()), "text")
    if not explanation.remarks:
        lines += ["", "Nothing stands out in this plan."]
    for number, remark in numbered(explanation):
        lines += ["", *section(number, remark)]
    for skipped in decided(explanation.skipped):
        remedy = f" ({prose(skipped.remedy)})" if skipped.remedy else ""
        lines += ["", f"Not looked at: {code(skipped.part)}: {prose(skipped.reason)}{remedy}"]
    return "\n".join(lines) + "\n"


def beginning(tree: list[str]) -> str:
    """The tree, or as much of it as a comment has room for."""
    left = len(tree) - LONGEST_TREE
    cut = tree if left <= 0 else [*tree[:LONGEST_TREE], f"… and {left:,} more lines"]
    return "\n".join(cut)


def query(text: str) -> list[str]:
    if not text:
        return []
    cut = text if len(text) <= LONGEST_QUERY else text[:LONGEST_QUERY] + "\n…"
    return [
        "<details><summary>The statement</summary>",
        "",
        *fenced(cut, "sql"),
        "",
        "</details>",
        "",
    ]


def fenced(text: str, language: str) -> list[str]:
    shown = visible_sql(text)
    fence = fence_for(shown, 3)
    return [f"{fence}{language}", shown, fence]


def section(number: int, remark: Remark) -> list[str]:
    finding = remark.finding
    lines = [
        f"### {number}. {MARK[finding.severity]} {prose(finding.message)}",
        "",
        f"{code(finding.rule)}: {prose(fold(finding.why))}",
    ]
    facts = [f"{prose(label)} {prose(figure)}" for label, figure in evidence_text(finding.evidence)]
    if facts:
        lines += ["", " · ".join(facts)]
    if finding.advice:
        lines += ["", prose(fold(finding.advice))]
    if finding.fix is not None:
        lines += ["", *block([finding.fix.up])]
    return lines

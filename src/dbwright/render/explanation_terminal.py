"""An explanation for a person at a terminal: the tree with bars, then what is wrong with it.

Each node has one line: its own share of the time (of the cost where it was not run) as a bar, its
own time, the rows found and expected, and its name. Remarks are numbered, and the nodes that they
are about carry the number.
"""

from __future__ import annotations

from rich.text import Text

from dbwright.model.explanation import Explanation, Remark
from dbwright.model.plan import PlanNode
from dbwright.render.plan_tree import (
    TreeLine,
    bar,
    conditions,
    decided,
    figures,
    heading_of,
    next_command,
    own_text,
    rows_text,
    titled,
    tree_lines,
)
from dbwright.render.terminal import SEVERITY_STYLE, write_fix
from dbwright.render.terminal import write_skipped as write_left_out
from dbwright.render.terminal_page import DEFAULT_WIDTH, Page, Part
from dbwright.render.text import fold, visible
from dbwright.render.units import evidence_text

__all__ = ["render"]

BAR = 8
FIGURES = BAR + 1 + 4 + 1 + 8 + 1 + 6 + 1 + 6 + 2
"""Columns before the tree."""
LEAST_TREE = 24


def render(
    explanation: Explanation,
    *,
    width: int | None = None,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """The explanation as text. `width` counts columns (None: 80); without `color` there is no
    escape code in it; `verbose` shows conditions whole, and how to take fixes back."""
    page = Page(width or DEFAULT_WIDTH, color)
    page.line(
        visible(explanation.command), "  ", (visible(explanation.target), "bold"), label="dbwright "
    )
    page.line((heading_of(explanation), "dim"))
    page.gap()
    write_tree(page, explanation, verbose)
    write_remarks(page, explanation, verbose)
    write_left_out(page, decided(explanation.skipped), verbose)
    page.gap()
    words, command = next_command(explanation)
    page.line(words, " ", (command, "bold"), label=("Next  ", "bold green"))
    return page.text()


def write_tree(page: Page, explanation: Explanation, verbose: bool) -> None:
    timed = explanation.plan.timed
    narrow = page.width - FIGURES < LEAST_TREE
    own = "own time" if timed else "own cost"
    heads = f"{'':{BAR}} {'share':>4} {own:>7} {'rows':>6} {'expect':>6}  node (◀ most of it)"
    page.line((f"{own} and node" if narrow else heads, "dim"))
    for line in tree_lines(explanation.plan):
        write_node(page, explanation, line, narrow)
        write_details(page, line, verbose, 0 if narrow else FIGURES)


def write_node(page: Page, explanation: Explanation, line: TreeLine, narrow: bool) -> None:
    plan, node = explanation.plan, line.node
    share = plan.share(node)
    percent = "" if share is None else f"{share * 100:.0f}%"
    found, expected, wrong = rows_text(node)
    own = own_text(plan, node)
    parts: list[Part] = []
    if narrow:
        parts = [f"{own:>8} "]
    else:
        parts = [
            (bar(share, BAR), heat(share)),
            f" {percent:>4} {own:>8} {found:>6} ",
            (f"{expected:>6}", "bold red" if wrong else "dim"),
            "  ",
        ]
    parts += [(line.lead, "dim"), (titled(node), name_style(explanation, node))]
    numbers = "".join(
        f" [{n}]" for n, remark in numbered(explanation) if remark.node == node.number
    )
    if explanation.worst is not None and explanation.worst.number == node.number:
        parts.append((" ◀", "bold red"))
    if numbers:
        parts.append((numbers, "bold yellow"))
    hanging(page, parts, " " * (9 if narrow else FIGURES) + line.under)


def write_details(page: Page, line: TreeLine, verbose: bool, column: int) -> None:
    """Conditions and figures below the name, cut at the page's edge unless `verbose`."""
    texts = [f"{name}: {text}" for name, text in conditions(line.node)]
    facts = " · ".join(figures(line.node))
    for text in (*texts, *([facts] if facts else [])):
        lead = " " * column + line.under
        room = page.width - len(lead)
        if verbose or room < LEAST_TREE // 2:
            hanging(page, [(lead, "dim"), (text, "dim")], lead)
        else:
            cut = text if len(text) <= room else text[: room - 1] + "…"
            hanging(page, [(lead, "dim"), (cut, "dim")], lead)


def hanging(page: Page, parts: list[Part], lead: str) -> None:
    """One paragraph; where it is longer than the page its further lines begin with `lead`."""
    body = Text.assemble(*parts, overflow="fold")
    lead = lead[: page.width - LEAST_TREE // 2]
    first, *rest = body.wrap(page.console, page.width)
    shown = len(first.plain)
    first.rstrip()
    page.put(first)
    if not rest:
        return
    # What was wrapped has less room than the first line: wrap it again.
    left = body[shown:]
    left = left[len(left.plain) - len(left.plain.lstrip()) :]
    for line in left.wrap(page.console, page.width - len(lead)):
        line.rstrip()
        page.put(Text.assemble((lead, "dim"), line))


def heat(share: float | None) -> str:
    if share is None or share < 0.1:
        return "dim"
    return "red" if share >= 0.5 else "yellow" if share >= 0.2 else "green"


def name_style(explanation: Explanation, node: PlanNode) -> str:
    if node.loops == 0:
        return "dim"
    worst = explanation.worst
    return "bold" if worst is not None and worst.number == node.number else ""


def numbered(explanation: Explanation) -> tuple[tuple[int, Remark], ...]:
    return tuple(enumerate(explanation.remarks, 1))


def write_remarks(page: Page, explanation: Explanation, verbose: bool) -> None:
    if not explanation.remarks:
        page.gap()
        page.line("Nothing stands out in this plan.", label=("Found  ", "bold"))
        return
    for number, remark in numbered(explanation):
        finding = remark.finding
        page.gap()
        page.line(
            (visible(finding.rule), "dim"),
            label=(
                f"[{number}] {finding.severity.value.upper()}  ",
                SEVERITY_STYLE[finding.severity],
            ),
        )
        page.line((fold(finding.message), "bold"), indent=4)
        facts = [f"{label} {figure}" for label, figure in evidence_text(finding.evidence) if figure]
        if facts and verbose:
            page.line((" · ".join(facts), "dim"), indent=4)
        page.line((fold(finding.why), "dim"), indent=4)
        if finding.advice:
            page.line(fold(finding.advice), indent=4)
        if finding.fix is not None:
            write_fix(page, finding.fix, (), verbose)

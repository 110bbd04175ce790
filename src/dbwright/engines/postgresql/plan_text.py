"""EXPLAIN's text, pasted from anywhere, as the document that FORMAT JSON would have written.

A node is a line that begins with `->` (the root is the first with figures); the column of its
arrow says whose child it is. The lines after it, up to the next node, are its properties. Where
all leading spaces were lost the tree follows from how many children each kind of node has. A text
may hold several plans: of several statements, or in a log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbwright.engines.postgresql.plan_label import label_fields
from dbwright.engines.postgresql.plan_lines import Sections, property_of
from dbwright.engines.postgresql.plan_shape import KINDS, relate, shaped, wanted
from dbwright.engines.postgresql.plan_wrapped import (
    ARROW,
    SUBPLANS,
    TARGETS,
    Line,
    figures_at,
    lines_of_one_plan,
)
from dbwright.errors import NotAPlan

__all__ = ["documents_from_text"]

QUERY_TEXT = "Query Text: "
PARAMETERS = "Query Parameters: "
NEXT_STEP = "paste the whole output of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), or of its text form"


def documents_from_text(lines: list[str]) -> list[dict[str, Any]]:
    """EXPLAIN's document of each plan in the pasted lines. Raises NotAPlan."""
    start = _root(lines)
    if start is None:
        raise NotAPlan("the text is no query plan", NEXT_STEP)
    found: list[dict[str, Any]] = []
    end = 0
    while start is not None:
        query = _query_text(lines[end:start])
        own, end = lines_of_one_plan(lines, start)
        document = _Tree(own).document()
        if "Plans" not in document["Plan"] and any(map(_holds_node, lines[end:])):
            raise NotAPlan(
                f"something stands before each line of the plan: {lines[start].strip()[:40]!r}",
                "paste the plan without it",
            )
        found.append({**document, "Query Text": query} if query else document)
        start = _root_with_figures(lines, end)
    return found


def _root(lines: list[str]) -> int | None:
    found = _root_with_figures(lines, 0)
    if found is not None:
        return found
    for number, line in enumerate(lines):  # without costs and times the words must be known
        if label_fields(line.strip())["Node Type"] in KINDS:
            return number
    return None


def _root_with_figures(lines: list[str], begin: int) -> int | None:
    for number in range(begin, len(lines)):
        line = lines[number].strip()
        if figures_at(line) > 0 and property_of(line) is None:
            # A part of a plan may have been pasted; an arrow elsewhere is in something else.
            return None if ARROW in line[1 : figures_at(line)] else number
    return None


def _holds_node(line: str) -> bool:
    """A node behind something else."""
    bare = line.strip()
    return property_of(bare) is None and ARROW in bare[1 : max(1, figures_at(bare))]


def _query_text(lines: list[str]) -> str:
    """What auto_explain wrote before the plan."""
    for number, line in enumerate(lines):
        _, mark, begin = line.partition(QUERY_TEXT)
        if mark:
            rest = [each.strip() for each in lines[number + 1 :]]
            ends = [at for at, each in enumerate(rest) if each.startswith(PARAMETERS)]
            return "\n".join([begin.strip(), *rest[: min(ends, default=len(rest))]])
    return ""


class _Tree:
    """Puts nodes below one another, and properties where they belong."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.nodes: list[dict[str, Any]] = []
        self.stack: list[tuple[int, dict[str, Any]]] = []
        """The node that is being read and those above it, each with its column."""
        self.subplan: tuple[str, int] | None = None
        """The name line of the node that comes next, and its column."""

    def document(self) -> dict[str, Any]:
        flat = self._is_flat()
        root = _node(self.lines[0].text.removeprefix(ARROW))
        self.stack = [(-1, root)]
        self.nodes = [root]
        sections = Sections(root)
        for line in self.lines[1:]:
            if line.is_node:
                node = self._place(line, flat)
                sections.enter(node)
            elif line.text.startswith(SUBPLANS):
                self.subplan = (line.text, line.column)
            elif line.text.startswith(TARGETS):
                sections.target(label_fields(line.text))
            else:
                sections.add(line.text, line.column)
            if sections.finished:
                break
        if flat:
            shaped(self.nodes)
        for node in self.nodes:
            relate(node)
        return {"Plan": root, **sections.top}

    def _is_flat(self) -> bool:
        """Were the leading spaces lost?"""
        arrows = [line for line in self.lines if line.is_node]
        subplans = [line for line in self.lines if line.text.startswith(SUBPLANS)]
        columns = {line.column for line in arrows}
        if len(arrows) < 2 or len(columns) > 1:
            return False
        if any(columns) and not columns.intersection(line.column for line in subplans):
            children = len(arrows) - len(subplans)
            are_leaves = not any(_wanted_by(line.text) for line in arrows)
            if are_leaves and _wanted_by(self.lines[0].text) in (None, children):
                return False  # they are all children of the root
        if subplans:
            raise NotAPlan(
                "the plan's indentation is lost, and with it whose subplans they are",
                "paste it with its leading spaces, or the output of EXPLAIN (FORMAT JSON)",
            )
        return True

    def _place(self, line: Line, flat: bool) -> dict[str, Any]:
        node = _node(line.text.removeprefix(ARROW))
        self.nodes.append(node)
        column = line.column
        if self.subplan is not None:
            name, column = self.subplan
            kind = "SubPlan" if name.startswith("SubPlan") else "InitPlan"
            node |= {"Parent Relationship": kind, "Subplan Name": name}
            self.subplan = None
        if flat:
            return node
        while len(self.stack) > 1 and self.stack[-1][0] >= column:
            self.stack.pop()
        self.stack[-1][1].setdefault("Plans", []).append(node)
        self.stack.append((column, node))
        return node


def _wanted_by(text: str) -> int | None:
    """How many children that node must have; None for any number."""
    label = text.removeprefix(ARROW)
    at = figures_at(label)
    return wanted(label_fields(label if at < 0 else label[:at])["Node Type"])


def _node(text: str) -> dict[str, Any]:
    at = figures_at(text)
    label = text if at < 0 else text[:at]
    fields = label_fields(label)
    if not fields["Node Type"]:
        raise NotAPlan(f"a node without a name: {text.strip()[:60]!r}", NEXT_STEP)
    for group in _groups(text[at:] if at >= 0 else ""):
        fields |= _figures(group)
    return fields


def _groups(text: str) -> Iterator[str]:
    """What stands in parentheses."""
    while "(" in text:
        inside, _, text = text[text.index("(") + 1 :].partition(")")
        yield inside


def _figures(group: str) -> dict[str, Any]:
    """`cost=0.00..1.05 rows=5 width=4`, `actual time=0.1..0.2 rows=5 loops=1`."""
    if group == "never executed":
        zeros = ("Actual Startup Time", "Actual Total Time", "Actual Rows", "Actual Loops")
        return dict.fromkeys(zeros, 0)
    actual = group.startswith("actual ")
    names = ACTUAL if actual else EXPECTED
    found: dict[str, Any] = {}
    for word in group.removeprefix("actual ").split():
        name, mark, value = word.partition("=")
        if not mark or name not in names:
            continue
        values = value.split("..")
        if len(values) != len(names[name]):
            raise NotAPlan(f"figures that can't be read: ({group[:60]})", NEXT_STEP)
        found |= dict(zip(names[name], values, strict=True))
    return found


EXPECTED = {
    "cost": ("Startup Cost", "Total Cost"),
    "rows": ("Plan Rows",),
    "width": ("Plan Width",),
}
ACTUAL = {
    "time": ("Actual Startup Time", "Actual Total Time"),
    "rows": ("Actual Rows",),
    "loops": ("Actual Loops",),
}

"""EXPLAIN's text, pasted from anywhere, as the document that FORMAT JSON would have written.

A node is a line that begins with `->` (the root is the first with figures); the column of its
arrow says whose child it is. The lines after it, up to the next node, are its properties. Where
all leading spaces were lost the tree follows from how many children each kind of node has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbwright.engines.postgresql.plan_label import label_fields, outside_quotes
from dbwright.engines.postgresql.plan_lines import Sections, property_of
from dbwright.engines.postgresql.plan_paste import pasted_lines
from dbwright.engines.postgresql.plan_shape import KINDS, relate, shaped
from dbwright.errors import NotAPlan

__all__ = ["document_from_text"]

ARROW = "->"
FIGURES = ("(cost=", "(actual ", "(never executed)")
SUBPLANS = ("InitPlan ", "SubPlan ", "CTE ")
TARGETS = ("Insert on ", "Update on ", "Delete on ", "Merge on ")
QUERY_TEXT = "Query Text: "
NEXT_STEP = "paste the whole output of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), or of its text form"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the plan with what was wrapped from it."""

    text: str
    """Without its indentation."""
    column: int

    @property
    def is_node(self) -> bool:
        return self.text.startswith(ARROW)


def document_from_text(text: str) -> dict[str, Any]:
    """EXPLAIN's document. Raises NotAPlan."""
    lines = pasted_lines(text)
    start = _root(lines)
    if start is None:
        raise NotAPlan("the text is no query plan", NEXT_STEP)
    document = _Tree(_lines_of_one_plan(lines[start:])).document()
    query = _query_text(lines[:start])
    if query:
        document["Query Text"] = query
    return document


def _root(lines: list[str]) -> int | None:
    for number, line in enumerate(lines):
        if _figures_at(line) > 0 and property_of(line.strip()) is None:
            return number
    for number, line in enumerate(lines):  # without costs and times the words must be known
        if label_fields(line.strip())["Node Type"] in KINDS:
            return number
    return None


def _figures_at(line: str) -> int:
    found = [at for each in FIGURES if (at := outside_quotes(line, each)) >= 0]
    return min(found, default=-1)


def _query_text(lines: list[str]) -> str:
    """What auto_explain wrote before the plan."""
    for number, line in enumerate(lines):
        _, mark, begin = line.partition(QUERY_TEXT)
        if mark:
            return "\n".join([begin.strip(), *(each.strip() for each in lines[number + 1 :])])
    return ""


def _lines_of_one_plan(lines: list[str]) -> list[_Line]:
    """The lines up to the plan's end, each with what was wrapped from it."""
    found: list[_Line] = []
    margin = len(lines[0]) - len(lines[0].lstrip())
    for line in lines:
        text = line.lstrip()
        column = len(line) - len(text)
        if not found:
            found.append(_Line(text, -1))
        elif _is_open(found[-1].text):
            found[-1] = _Line(f"{found[-1].text} {text}", found[-1].column)
        elif text.startswith((ARROW, *SUBPLANS, *TARGETS)) or property_of(text) is not None:
            found.append(_Line(text, column))
        elif column < margin or _figures_at(line) > 0:
            break  # the log goes on, or another plan begins
        else:
            found[-1] = _Line(f"{found[-1].text} {text}", found[-1].column)
    return found


def _is_open(text: str) -> bool:
    """Was the line broken inside its figures?"""
    at = _figures_at(text)
    if at < 0 or property_of(text) is not None:
        return False
    return text.count("(", at) > text.count(")", at)


class _Tree:
    """Puts nodes below one another, and properties where they belong."""

    def __init__(self, lines: list[_Line]) -> None:
        self.lines = lines
        self.nodes: list[dict[str, Any]] = []
        self.stack: list[tuple[int, dict[str, Any]]] = []
        """The node that is being read and those above it, each with its column."""
        self.subplan: tuple[str, int] | None = None
        """The name line of the node that comes next, and its column."""

    def document(self) -> dict[str, Any]:
        flat = self._is_flat()
        root = _node(self.lines[0].text)
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
        arrows = [line.column for line in self.lines if line.is_node]
        if len(arrows) < 2 or any(arrows):
            return False
        if any(line.text.startswith(SUBPLANS) for line in self.lines):
            raise NotAPlan(
                "the plan's indentation is lost, and with it whose subplans they are",
                "paste it with its leading spaces, or the output of EXPLAIN (FORMAT JSON)",
            )
        return True

    def _place(self, line: _Line, flat: bool) -> dict[str, Any]:
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


def _node(text: str) -> dict[str, Any]:
    at = _figures_at(text)
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

"""The lines of EXPLAIN's text, each with what a mail or a terminal wrapped from it.

What is wrapped must be told from words around the plan ("any ideas?"): a line goes on where its
parentheses, brackets or quotes are open, where a list ends with a comma, where a node has no
figures yet, or where it is long and nothing says that it is whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.engines.postgresql.plan_label import outside_quotes
from dbwright.engines.postgresql.plan_lines import TIMES, property_of
from dbwright.sql.lexer import tokens

__all__ = ["ARROW", "SUBPLANS", "TARGETS", "Line", "figures_at", "lines_of_one_plan"]

ARROW = "->"
FIGURES = ("(cost=", "(actual ", "(never executed)")
SUBPLANS = ("InitPlan ", "SubPlan ", "CTE ")
TARGETS = ("Insert on ", "Update on ", "Delete on ", "Merge on ")
NEVER_FIRST = ("Average Memory", "Disk", "Disk Usage", "Maximum Storage", "Memory Usage", "Misses")
"""Names in the middle of a line: one that begins with them was wrapped."""
UNQUOTED = frozenset({"Settings"})
"""Whose values EXPLAIN puts in quotes as they are, whatever quotes are in them."""
LAST = frozenset(name for name in TIMES if not name.startswith("Planning"))
LONG = 60
"""Columns: nobody wraps shorter lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the plan with what was wrapped from it."""

    text: str
    """Without its indentation."""
    column: int

    @property
    def is_node(self) -> bool:
        return self.text.startswith(ARROW)


def figures_at(line: str) -> int:
    """Where a node's figures begin; -1 where there are none."""
    if "(" not in line:
        return -1
    found = [at for each in FIGURES if (at := outside_quotes(line, each)) >= 0]
    return min((at for at in found if _are_figures(line, at)), default=-1)


def _are_figures(line: str, at: int) -> bool:
    """A plan's costs are two, with dots between; somebody's own words, or MySQL's plan, are not."""
    if not line.startswith("(cost=", at):
        return True
    group, closed, _ = line[at:].partition(")")
    return group[len("(cost=") :][:1].isdecimal() and (not closed or ".." in group)


def lines_of_one_plan(lines: list[str], start: int) -> tuple[list[Line], int]:
    """The lines from the root's up to the plan's end, and the number of the line after it."""
    margin = len(lines[start]) - len(lines[start].lstrip())
    found = [_Growing(lines[start], -1, is_node=True)]
    figured = found[0].figured
    for number in range(start + 1, len(lines)):
        line = lines[number]
        text = line.lstrip()
        column = len(line) - len(text)
        named = text.startswith((*SUBPLANS, *TARGETS)) and figures_at(text) < 0
        begins = named or text.startswith(ARROW)
        if found[-1].goes_on(text, figured):
            found[-1].add(line)
        elif found[-1].is_last:
            return [each.line() for each in found], number
        elif begins or property_of(text) is not None:
            found.append(_Growing(line, column, is_node=begins))
        elif column < margin or figures_at(line) > 0:
            return [each.line() for each in found], number  # a log goes on, or another plan begins
        figured = figured or found[-1].figured
    return [each.line() for each in found], len(lines)


class _Growing:
    """A line to which more may come."""

    def __init__(self, line: str, column: int, *, is_node: bool) -> None:
        self.is_node = is_node
        self.column = column
        self.parts: list[str] = []
        self.length = 0
        self.depth = 0
        """Open parentheses and brackets."""
        self.quote = ""
        """The quotes that are open."""
        self.property = None if is_node else property_of(line.lstrip())
        self.figured = False
        self.add(line)

    @property
    def is_last(self) -> bool:
        """Does EXPLAIN write nothing after it?"""
        return self.property is not None and self.property[0] in LAST

    def line(self) -> Line:
        return Line(" ".join(self.parts), self.column)

    def add(self, line: str) -> None:
        text = line.lstrip()
        self.length = len(line)
        if self.is_node:
            at = 0 if self.figured else figures_at(text)
            self.figured = at >= 0
            self.depth += text.count("(", at) - text.count(")", at) if self.figured else 0
        elif self.property is not None and self.property[0] not in UNQUOTED:
            # The name of a property may hold what would be a quote in SQL.
            self._scan(text if self.parts else self.property[1])
        self.parts.append(text)

    def _scan(self, text: str) -> None:
        if self.quote:
            end = text.replace(self.quote * 2, "  ").find(self.quote)
            if end < 0:
                return
            text, self.quote = text[end + 1 :], ""
        for token in tokens(text):
            if token.kind == "unterminated":
                self.quote = '"' if '"' in token.text[:3] else "'"
            elif token.kind == "punctuation":
                self.depth += (token.text in "([{") - (token.text in ")]}")

    def goes_on(self, text: str, figured: bool) -> bool:
        """Was `text` wrapped from the line? `figured`: the plan's nodes have figures."""
        is_next_node = text.startswith(ARROW) and (not figured or figures_at(text) > 0)
        if is_next_node:
            return False  # an operator `->` has no figures
        if self.is_node:
            return self._node_goes_on(text, figured)
        if self.property is None:
            return False
        follower = property_of(text)
        if self.quote or self.depth > 0 or (follower and follower[0] in NEVER_FIRST):
            return True
        if text.startswith((ARROW, *SUBPLANS)) or follower is not None or figures_at(text) > 0:
            return False
        name, value = self.property
        last = self.parts[-1]
        if name in TIMES or (value.startswith("(") and last.endswith(")")):
            return False  # whole
        return last.endswith(",") or self.length >= LONG

    def _node_goes_on(self, text: str, figured: bool) -> bool:
        if self.figured:
            return self.depth > 0 or figures_at(text) == 0
        if not self.parts[0].startswith(ARROW):
            return False  # the name of a subplan, or one of several tables
        return figures_at(text) == 0 or (figured and property_of(text) is None)

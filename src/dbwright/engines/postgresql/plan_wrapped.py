"""The lines of EXPLAIN's text, each with what a mail or a terminal wrapped from it.

What is wrapped must be told from words around the plan ("any ideas?"): a line goes on where its
parentheses, brackets or quotes are open, where a list ends with a comma, where a node has no
figures yet, or where it is long and nothing says that it is whole. EXPLAIN itself begins a line
where a literal has one: there the lines are as they are, and their spaces stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from dbwright.engines.postgresql.plan_label import outside_quotes
from dbwright.engines.postgresql.plan_lines import TIMES, property_of
from dbwright.sql.lexer import tokens

__all__ = [
    "ARROW",
    "SUBPLANS",
    "TARGETS",
    "Line",
    "begins_in_text",
    "figures_at",
    "lines_of_one_plan",
]

ARROW = "->"
FIGURES = ("(cost=", "(actual ", "(never executed)")
SUBPLANS = ("InitPlan ", "SubPlan ", "CTE ")
TARGETS = ("Insert on ", "Update on ", "Delete on ", "Merge on ")
NEVER_FIRST = ("Average Memory", "Disk", "Disk Usage", "Maximum Storage", "Memory Usage", "Misses")
"""Names in the middle of a line: one that begins with them was wrapped."""
UNQUOTED = frozenset({"Settings"})
"""Whose values EXPLAIN puts in quotes as they are, whatever quotes are in them."""
LAST = frozenset(name for name in TIMES if not name.startswith("Planning"))
MARKS = ("'", '"', "$", "--", "/*")
"""What begins something in which parentheses mean nothing."""
LONG = 60
"""Columns: nobody wraps shorter lines."""
MAIL = 80
"""Columns: mail programs leave no longer lines."""
WIDE = 100
"""Columns: nobody leaves longer lines who wraps at words."""
LONGEST_LITERAL = 500
"""Lines."""


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


def begins_in_text(text: str) -> bool:
    """Is a node of a plan in text in it, perhaps in the quotes of CSV?"""
    return any(figures_at(line.strip().strip('"')) > 0 for line in text.split("\n"))


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
    number = start + 1
    while number < len(lines):
        line = lines[number]
        if taken := found[-1].take_literal(lines, number):
            number += taken
            continue
        number += 1
        if not line.strip():
            continue
        text = line.lstrip()
        column = len(line) - len(text)
        named = text.startswith((*SUBPLANS, *TARGETS)) and figures_at(text) < 0
        begins = named or text.startswith(ARROW)
        if found[-1].goes_on(text, figured):
            found[-1].add(line)
        elif found[-1].is_last:
            number -= 1
            break
        elif begins or property_of(text) is not None:
            found.append(_Growing(line, column, is_node=begins))
        elif column < margin or figures_at(line) > 0:
            number -= 1  # a log goes on, or another plan begins
            break
        figured = figured or found[-1].figured
    wrapped = any(each.is_wrapped for each in found)
    width = max(each.longest for each in found)
    return [each.line(margin, width, wrapped=wrapped) for each in found], number


@dataclass(slots=True)
class _Part:
    line: str
    in_literal: bool
    """Did the line before it end within quotes?"""


class _Growing:
    """A line to which more may come."""

    def __init__(self, line: str, column: int, *, is_node: bool) -> None:
        self.is_node = is_node
        self.column = column
        self.parts: list[_Part] = []
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

    @property
    def is_wrapped(self) -> bool:
        """Outside of literals?"""
        return any(not part.in_literal for part in self.parts[1:])

    @property
    def longest(self) -> int:
        return max(len(part.line) for part in self.parts)

    def line(self, margin: int, width: int, *, wrapped: bool) -> Line:
        """`margin` stands before each line of the plan, whose longest is `width`; `wrapped` where
        somebody wrapped some of them."""
        text = self.parts[0].line.lstrip()
        for before, part in pairwise(self.parts):
            if part.in_literal and not _may_be_wrapped(before.line, part.line, width, wrapped):
                own = part.line[margin:] if not part.line[:margin].strip() else part.line
                text = f"{text}\n{own}"
            else:
                text = f"{text} {part.line.lstrip()}"
        return Line(text, self.column)

    def take_literal(self, lines: list[str], number: int) -> int:
        """Add the lines up to the end of the literal that is open; gives how many they are. 0 where
        none is open or it never ends: then the line was cut off."""
        if not self.quote:
            return 0
        quote, depth, count = self.quote, self.depth, len(self.parts)
        for taken, line in enumerate(lines[number : number + LONGEST_LITERAL], 1):
            self.add(line)
            if not self.quote and self.depth <= 0:
                return taken
        self.quote, self.depth = quote, depth
        del self.parts[count:]
        return 0

    def add(self, line: str) -> None:
        text = line.lstrip()
        in_literal = bool(self.quote)
        if self.is_node:
            at = 0 if self.figured else figures_at(text)
            self.figured = at >= 0
            self.depth += text.count("(", at) - text.count(")", at) if self.figured else 0
        elif self.property is not None and self.property[0] not in UNQUOTED:
            # The name of a property may hold what would be a quote in SQL.
            self._scan(text if self.parts else self.property[1])
        self.parts.append(_Part(line, in_literal))

    def _scan(self, text: str) -> None:
        if self.quote:
            end = text.replace(self.quote * 2, "  ").find(self.quote)
            if end < 0:
                return
            text, self.quote = text[end + 1 :], ""
        if not any(mark in text for mark in MARKS):
            self.depth += sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
            return
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
        last = self.parts[-1].line
        if name in TIMES or (value.startswith("(") and last.endswith(")")):
            return False  # whole
        return last.endswith(",") or len(last) >= LONG

    def _node_goes_on(self, text: str, figured: bool) -> bool:
        if self.figured:
            return self.depth > 0 or figures_at(text) == 0
        if not self.parts[0].line.lstrip().startswith(ARROW):
            return False  # the name of a subplan, or one of several tables
        return figures_at(text) == 0 or (figured and property_of(text) is None)


def _may_be_wrapped(before: str, line: str, width: int, others: bool) -> bool:
    """Was the break within a literal made by a mail program (`others`: it made some elsewhere), so
    that it stands for a space? It breaks where the next word has no room, and indents nothing."""
    word = line.partition(" ")[0]
    if line[:1] in ("", " ") or not LONG <= len(before) < WIDE:
        return False
    return len(before) + 1 + len(word) > width and (others or width <= MAIL)

"""What stands before each line of a plan in text: numbers, times and names of a log, comment signs.

The first line with figures tells it: it is what stands there before the node's name. Where most of
the lines after it begin in the same way (other figures apart) they have it, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.engines.postgresql.plan_label import label_fields
from dbwright.engines.postgresql.plan_shape import KINDS
from dbwright.engines.postgresql.plan_wrapped import figures_at

__all__ = ["without_heads"]

ARROW = "->"
MOST = 0.6
"""Of the lines below the first."""


def without_heads(lines: list[str]) -> list[str]:
    """The lines as they are where they have none."""
    first = next((number for number, line in enumerate(lines) if figures_at(line) > 0), None)
    if first is None:
        return lines
    shape = _shape(_head(lines[first]))
    below = [line for line in lines[first + 1 :] if line.strip()]
    having = sum(_after(line, shape) is not None for line in below)
    if not shape or having < max(1, MOST * len(below)):
        return lines
    return [line if (rest := _after(line, shape)) is None else rest for line in lines]


def _head(line: str) -> str:
    """What stands before the node's name; empty where nothing does, or no kind of node is known."""
    label = line[: figures_at(line)].rstrip()
    starts = list(_starts(label))
    known = [at for at in starts if _is_known(label[at:])]
    return label[: known[0]].rstrip() if known and known[0] != starts[0] else ""


def _starts(label: str) -> Iterator[int]:
    """Where a word, or a name behind some sign, begins."""
    for at, letter in enumerate(label):
        before = label[at - 1] if at else " "
        if (letter.isupper() and not before.isupper()) or (letter != " " and before == " "):
            yield at


def _is_known(text: str) -> bool:
    return label_fields(text.removeprefix(ARROW).strip())["Node Type"] in KINDS


def _shape(head: str) -> str:
    """With one zero for each number, and without its spaces."""
    letters = ((" " if at == 0 else head[at - 1], letter) for at, letter in enumerate(head))
    return "".join(
        "0" if letter.isdecimal() else letter
        for before, letter in letters
        if letter != " " and not (letter.isdecimal() and before.isdecimal())
    )


def _after(line: str, shape: str) -> str | None:
    """The rest of a line that begins so; None for another."""
    at = 0
    for sign in shape:
        while line[at : at + 1] == " ":
            at += 1
        end = at + 1
        if sign == "0":
            while line[end : end + 1].isdecimal():
                end += 1
        if not (line[at:end].isdecimal() if sign == "0" else line[at:end] == sign):
            return None
        at = end
    return line[at:]

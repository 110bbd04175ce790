"""Constants in the place of a statement's parameters, written so that a server takes them.

A constant without a cast is what applications send, and keeps the statement's fingerprint. Not
always does a server take it: in `now() - '7 days'` it would be a moment. There it gets its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from dbwright.model.names import literal
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.parameters import with_values
from dbwright.sql.parse import SyntaxProblem
from dbwright.tune.workload.defaults import NUMERIC, is_number

__all__ = ["Constant", "Takes", "is_same", "written"]

Takes = Callable[[str], bool]
"""Does the server take a statement?"""

CUT = frozenset(("character", "bit", "unknown", ""))
"""Types whose names alone would cut the value to one character, or say nothing."""


class Writing(Enum):
    """In the order in which they are tried."""

    BARE = auto()
    """Numbers stand bare where that is their type: a quoted one could be taken for text."""
    QUOTED = auto()
    """`- 5` would be a constant, where `- $1` is an operator's result."""
    CAST = auto()
    """The fingerprint is another one then."""


@dataclass(frozen=True, slots=True)
class Constant:
    """What stands in a parameter's place."""

    values: tuple[str | None, ...]
    """Several for a list that was shortened to one parameter; None is NULL."""
    type_name: str = ""
    """Empty where it is not known."""
    has_cast: bool = False
    """Has the text a cast around it?"""

    def sql(self, writing: Writing) -> str:
        return ", ".join(self._sql(value, writing) for value in self.values)

    def _sql(self, value: str | None, writing: Writing) -> str:
        bare = writing is not Writing.QUOTED and not self.has_cast and self.type_name in NUMERIC
        if value is not None and bare and is_number(value):
            return f"({value})" if value.startswith("-") else value
        text = "NULL" if value is None else literal(value)
        if writing is Writing.CAST and not self.has_cast and self.type_name not in CUT:
            return f"{text}::{self.type_name}"
        return text


def written(
    text: str, name: str, constants: Mapping[int, Constant], takes: Takes | None
) -> str | None:
    """The text with the constants in the first way that is taken; None where none is. `name` is
    the text's fingerprint, which has to stay where no server is there to be asked."""
    for writing in Writing:
        filled = with_values(text, {n: each.sql(writing) for n, each in constants.items()})
        if takes is not None and writing is Writing.CAST:
            fits = takes(filled)
        else:
            fits = is_same(filled, name) and (takes is None or takes(filled))
        if fits:
            return filled
    return None


def is_same(text: str, name: str) -> bool:
    """Is it a statement with this fingerprint?"""
    try:
        return fingerprint(text) == name
    except SyntaxProblem:
        return False

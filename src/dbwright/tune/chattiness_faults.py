"""Which fault a repetition is, if it is one, and the statement in the place of its many."""

from __future__ import annotations

from dbwright.model.conversation import Repetition
from dbwright.sql.batch import Batch, NoBatch, NotCompared, batch_of
from dbwright.sql.parameters import numbers_in
from dbwright.sql.parse import SyntaxProblem, parse, statement_kind
from dbwright.tune.chattiness_rules import (
    N_PLUS_ONE,
    ROW_BY_ROW_INSERT,
    ROW_BY_ROW_WRITE,
    SAME_AGAIN,
)

__all__ = ["batch_for", "fault_of", "reads_only"]


def fault_of(repetition: Repetition) -> str | None:
    """The fault that a repetition is, if it is one."""
    text = repetition.examples[0].text
    kind = _kind(text)
    if kind == "SelectStmt":
        if repetition.distinct * 2 > repetition.times:
            return None if _goes_on(repetition) else N_PLUS_ONE
        return SAME_AGAIN if reads_only(text) else None
    if kind == "InsertStmt":
        return ROW_BY_ROW_INSERT
    return ROW_BY_ROW_WRITE if kind in ("UpdateStmt", "DeleteStmt", "MergeStmt") else None


def reads_only(text: str) -> bool:
    """Does the same SELECT give the same answer again, as long as no row changes? Who locks rows
    wants them as they are just then (a worker that takes its next job); without a table it calls
    functions for what they do (nextval, set_config …)."""
    node = parse(text).statements[0].node
    return "lockingClause" not in node and ("fromClause" in node or "larg" in node)


def batch_for(repetition: Repetition) -> Batch:
    """The statement that replaces an N+1's many. Raises NoBatch."""
    one, other = repetition.examples[0], repetition.examples[-1]
    if one.text == other.text and one.parameters == other.parameters:
        # No values were recorded. A statement with one parameter differs in that one.
        if numbers_in(one.text) != (1,):
            raise NoBatch("no two different calls were seen")
        return batch_of(one.text, one.text, ["a"], ["b"])
    return batch_of(one.text, other.text, one.parameters, other.parameters)


def _goes_on(repetition: Repetition) -> bool:
    """Does each call take the rows after the last one's (keyset pagination, a worker that looks for
    what is new), rather than another value's?"""
    if "limitCount" not in parse(repetition.examples[0].text).statements[0].node:
        return False
    try:
        batch_for(repetition)
    except NotCompared:
        return True
    except NoBatch:
        return False
    return False


def _kind(text: str) -> str:
    try:
        return statement_kind(text)
    except SyntaxProblem:
        return ""

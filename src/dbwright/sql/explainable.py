"""What EXPLAIN takes: one statement that has a plan; and whether running it changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.errors import StatementRejected
from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, SyntaxProblem, parse, walk

__all__ = ["Explainable", "explainable", "function_names"]

PLANNED = {
    "SelectStmt": "",
    "InsertStmt": "it is an INSERT",
    "UpdateStmt": "it is an UPDATE",
    "DeleteStmt": "it is a DELETE",
    "MergeStmt": "it is a MERGE",
    "CreateTableAsStmt": "it creates a table",
    "DeclareCursorStmt": "it declares a cursor",
}
"""Statements that have a plan, and what running them would change."""

BELOW = {
    "InsertStmt": "a part of it is an INSERT",
    "UpdateStmt": "a part of it is an UPDATE",
    "DeleteStmt": "a part of it is a DELETE",
    "MergeStmt": "a part of it is a MERGE",
    "intoClause": "it creates a table (SELECT INTO)",
    "LockingClause": "it locks rows (FOR UPDATE or FOR SHARE)",
}


@dataclass(frozen=True, slots=True)
class Explainable:
    """One statement that has a plan."""

    text: str
    """Without the semicolon."""
    kind: str
    """The node's name: `SelectStmt` …"""
    parameters: int
    """The highest `$n`; 0 without any."""
    changes: str
    """What running it would change, as the end of a sentence; empty where the tree shows nothing.
    Functions that it calls may still change something."""
    functions: tuple[str, ...]
    """Names of functions that it calls, without schemas, sorted."""


def explainable(text: str) -> Explainable:
    """The one statement in a text. Raises StatementRejected."""
    try:
        statements = parse(text).statements
    except SyntaxProblem as problem:
        raise StatementRejected(
            f"the SQL does not parse{_place(text, problem.position)}: {problem.message}",
            "mend it, or check that the shell left its quotes alone (--file takes a file)",
        ) from None
    if len(statements) != 1:
        many = f"there are {len(statements)} statements" if statements else "there is no statement"
        raise StatementRejected(many, "give exactly one statement")
    statement = statements[0]
    if statement.kind == "ExplainStmt":
        raise StatementRejected(
            "the statement is an EXPLAIN already", "give the statement alone; --analyze runs it"
        )
    if statement.kind not in PLANNED:
        raise StatementRejected(
            "only SELECT, INSERT, UPDATE, DELETE and MERGE have a plan",
            "dbwright check looks at schemas",
        )
    tokens = list(significant(text))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    numbers = [int(t.text[1:]) for t in tokens if t.kind == "parameter"]
    return Explainable(
        text=text[tokens[0].offset : tokens[-1].end],
        kind=statement.kind,
        parameters=max(numbers, default=0),
        changes=PLANNED[statement.kind] or _changes(statement.node),
        functions=function_names(statement.node),
    )


def function_names(node: Node) -> tuple[str, ...]:
    """Names of the functions called anywhere below a node, without schemas, sorted."""
    calls = (child for kind, child in walk(node) if kind == "FuncCall")
    return tuple(sorted({call["funcname"][-1]["String"]["sval"] for call in calls}))


def _changes(node: Node) -> str:
    for kind, child in walk(node):
        if kind in BELOW:
            return BELOW[kind]
        if "lockingClause" in child:
            return BELOW["LockingClause"]
    if node.get("lockingClause"):
        return BELOW["LockingClause"]
    return ""


def _place(text: str, position: int | None) -> str:
    if position is None:
        return ""
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return f" at line {line}, column {column}" if line > 1 else f" at column {column}"

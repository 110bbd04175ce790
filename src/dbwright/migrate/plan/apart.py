"""Statements with several commands or objects, taken apart into statements with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dbwright.model.judged import JudgedStatement
from dbwright.model.migration import ScriptStatement
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.scope.canonical import deparse

__all__ = ["apart", "parts_of"]


def apart(statement: ScriptStatement) -> tuple[ScriptStatement, ...]:
    """The statement's parts in their order; itself where it has one, or can't be written anew."""
    try:
        parsed = parse(statement.text).statements
    except SyntaxProblem:
        return (statement,)
    if len(parsed) != 1:
        return (statement,)
    nodes = list(_nodes(parsed[0].kind, parsed[0].node))
    texts = [deparse(parsed[0].kind, node) for node in nodes]
    if len(nodes) < 2 or None in texts:
        return (statement,)
    return tuple(replace(statement, text=text) for text in texts if text is not None)


def parts_of(statement: JudgedStatement) -> tuple[JudgedStatement, ...]:
    """The same of a judged one; what the whole does counts for each part."""
    nodes = list(_nodes(statement.kind, statement.node))
    if len(nodes) < 2:
        return (statement,)
    texts = [deparse(statement.kind, node) for node in nodes]
    return tuple(
        replace(statement, node=node, statement=replace(statement.statement, text=text))
        for node, text in zip(nodes, texts, strict=True)
        if text is not None
    )


def _nodes(kind: str, node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A tree for each command, or each object that is dropped."""
    many = {"AlterTableStmt": "cmds", "DropStmt": "objects"}.get(kind)
    if many is None or len(node.get(many, ())) < 2 or node.get("behavior") == "DROP_CASCADE":
        yield node
        return
    for one in node[many]:
        yield {**node, many: [one]}

"""Who is who in a statement: its text to a `Statement`."""

from __future__ import annotations

from dbwright.memory import garbage_collection_paused
from dbwright.sql.parse import Node, ParsedStatement, SyntaxProblem, parse
from dbwright.sql.scope.builder import Analysis, ScopeBuilder
from dbwright.sql.scope.canonical import as_bytes
from dbwright.sql.scope.changes import read_change
from dbwright.sql.scope.implied import add_implied
from dbwright.sql.scope.namespace import Level
from dbwright.sql.scope.relations import Relations
from dbwright.sql.scope.select import read_select
from dbwright.sql.scope.statement import ScopeKind, Statement, StatementKind
from dbwright.sql.scope.tracing import trace

__all__ = ["analyse"]

TOO_DEEP = "the statement is nested too deeply to be read"
_EXHAUSTED = ("memory exhausted", "stack depth limit exceeded")
"""How the parser says it."""

_KINDS = {
    "SelectStmt": StatementKind.SELECT,
    "InsertStmt": StatementKind.INSERT,
    "UpdateStmt": StatementKind.UPDATE,
    "DeleteStmt": StatementKind.DELETE,
    "MergeStmt": StatementKind.MERGE,
}


def analyse(text: str, relations: Relations, *, expand_views: bool = True) -> Statement:
    """The scopes of the one statement that `text` holds, with every name resolved as PostgreSQL
    does it by `relations`. What can't be resolved is listed, never guessed.

    `expand_views`: also read the definitions of views, and attribute what the query asks of a view
    to the tables behind it. Raises SyntaxProblem for a text that is no statement, or several, or
    nested too deeply.
    """
    with garbage_collection_paused():
        try:
            statements = parse(text).statements
            if len(statements) != 1:
                raise SyntaxProblem(f"the text holds {len(statements)} statements, not one")
            return _statement(text, statements[0], relations, expand_views)
        except RecursionError:
            raise SyntaxProblem(TOO_DEEP) from None
        except SyntaxProblem as problem:
            if problem.message.startswith(_EXHAUSTED):
                raise SyntaxProblem(TOO_DEEP, problem.position) from None
            raise


def _statement(
    text: str, parsed: ParsedStatement, relations: Relations, expand_views: bool
) -> Statement:
    analysis = Analysis(text, as_bytes(text), relations, expand_views, _query)
    kind = _KINDS.get(parsed.kind, StatementKind.UTILITY)
    node: Node | None = {parsed.kind: parsed.node}
    if kind is StatementKind.UTILITY:
        # EXPLAIN, DECLARE, CREATE TABLE AS, COPY (query), PREPARE, CREATE VIEW.
        inner = parsed.node.get("query")
        node = inner if isinstance(inner, dict) and set(inner) & set(_KINDS) else None
    if node is not None:
        _query(analysis, node, analysis.scope(ScopeKind.STATEMENT, None), None)
        add_implied(analysis)
        trace(analysis)
        add_implied(analysis)  # what was traced may say more
    return analysis.finish(kind)


def _query(analysis: Analysis, node: Node, scope: ScopeBuilder, parent: Level | None) -> None:
    ((kind, fields),) = node.items()
    if kind == "SelectStmt":
        read_select(analysis, fields, scope, parent)
    else:
        read_change(analysis, kind, fields, scope, parent)

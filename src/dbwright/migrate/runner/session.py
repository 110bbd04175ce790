"""The session that migrations run in: its limits, and what one file may not leave to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from dbwright.migrate.runner.patience import Patience
from dbwright.model.migration import ScriptStatement
from dbwright.sql.lexer import significant
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["afresh", "limit", "settings_again"]

AFRESH = (
    "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; RESET ROLE; CLOSE ALL; DEALLOCATE ALL; "
    "UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES"
)
"""DISCARD ALL but for the advisory locks: one of them is the runner's turn."""
SETTING = frozenset(("set", "reset", "discard"))


def limit(connection: psycopg.Connection[Any], patience: Patience, *, local: bool = True) -> None:
    """How long what follows may wait and run: within the transaction, or until it is changed."""
    scope = "LOCAL" if local else "SESSION"
    settings = (
        ("lock_timeout", patience.lock_timeout),
        ("statement_timeout", patience.statement_timeout),
    )
    connection.execute(
        "; ".join(
            f"SET {scope} {name} = {round(seconds * 1000)}" for name, seconds in settings
        ).encode()
    )


def afresh(connection: psycopg.Connection[Any]) -> None:
    """What a file sets, creates or opens for its session is its own."""
    connection.execute(AFRESH)


def settings_again(connection: psycopg.Connection[Any], done: Iterable[ScriptStatement]) -> None:
    """Make the settings of statements that an earlier session ran: the rest counts on them.

    A search_path that was not set again would let the rest find other tables.
    """
    for statement in done:
        first = next(significant(statement.text), None)
        if first is not None and first.lower in SETTING and _is_setting(statement.text):
            connection.execute(statement.text.encode())


def _is_setting(text: str) -> bool:
    try:
        (parsed,) = parse(text).statements
    except (SyntaxProblem, ValueError):
        return False
    if parsed.kind == "VariableSetStmt":
        return not parsed.node.get("is_local")
    return parsed.kind == "DiscardStmt" and parsed.node.get("target") != "DISCARD_ALL"

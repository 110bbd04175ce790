"""The session that migrations run in: its limits, and what one file may not leave to the next."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.errors import InvalidParameterValue

from dbwright.migrate.runner.patience import Patience
from dbwright.model.migration import ScriptStatement
from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, SyntaxProblem, parse

__all__ = ["afresh", "limit", "settings_again", "settle", "unhurried"]

AFRESH = (
    "SET SESSION AUTHORIZATION DEFAULT; RESET ALL; RESET ROLE; CLOSE ALL; DEALLOCATE ALL; "
    "UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES"
)
"""DISCARD ALL but for the advisory locks: one of them is the runner's turn."""
SETTING = frozenset(("set", "reset", "discard", "prepare", "load", "select"))
SETTLE = """
SELECT set_config(s.name, s.value, false) FROM (VALUES
  ('idle_session_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
  ('transaction_timeout', '0'), ('statement_timeout', '0'), ('lock_timeout', '5s')) s (name, value)
WHERE current_setting(s.name, true) IS NOT NULL
"""
"""Those that this major has. What is set for the role or the database is meant for sessions of the
application: a runner waits between two tries for a lock, a step in Python thinks, a migration is
long. Nothing waits for ever: the history itself may be locked by others."""
NOTICE = """
SELECT set_config(s.name, '1s', false) FROM (VALUES ('client_connection_check_interval')) s (name)
WHERE current_setting(s.name, true) IS NOT NULL
"""
LONGEST_SILENCE = "10s"
"""Of a transaction: statements follow one another at once. A runner that was stopped (Ctrl-Z, a lid
that was closed, a network that is gone) must not hold its locks until TCP notices it."""
BEFORE_GIVING_UP, SOONER_THAN_OTHERS = 0.6, 0.3
"""Of lock_timeout, and seconds: an autovacuum gives way to who waits longer than deadlock_timeout;
and who looks first for a deadlock is ended by it, which is not to be the application."""
SOONER = """
SELECT set_config('deadlock_timeout', {}, {})
WHERE {} AND current_setting('deadlock_timeout')::interval > {}::interval
"""
MAY_SET = (
    "current_setting('is_superuser')::boolean",
    "has_parameter_privilege('deadlock_timeout', 'SET')",
)
"""Up to 14, and from 15 on."""


def settle(connection: psycopg.Connection[Any]) -> None:
    """What holds for the session of a runner, whatever is set for its role.

    When the runner dies, so does what it has begun: else the server would go on for hours, with its
    locks held, and take it all back at the end.
    """
    connection.execute(SETTLE)
    with suppress(InvalidParameterValue):  # the server's system can't tell: then it notices late
        connection.execute(NOTICE)


def unhurried(connection: psycopg.Connection[Any]) -> None:
    """For what thinks within its transaction: a function of Python."""
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def limit(connection: psycopg.Connection[Any], patience: Patience, *, local: bool = True) -> None:
    """How long what follows may wait and run: within the transaction, or until it is changed."""
    scope = "LOCAL" if local else "SESSION"
    settings = [
        f"SET {scope} lock_timeout = {_milliseconds(patience.lock_timeout)}",
        f"SET {scope} statement_timeout = {_milliseconds(patience.statement_timeout)}",
    ]
    if local:
        settings.append(f"SET LOCAL idle_in_transaction_session_timeout = '{LONGEST_SILENCE}'")
    if patience.lock_timeout:
        seconds = min(patience.lock_timeout * BEFORE_GIVING_UP, SOONER_THAN_OTHERS)
        sooner = f"'{_milliseconds(seconds)}ms'"
        may_set = MAY_SET[connection.info.server_version >= 150000]
        settings.append(SOONER.format(sooner, "true" if local else "false", may_set, sooner))
    connection.execute("; ".join(settings).encode())


def afresh(connection: psycopg.Connection[Any]) -> None:
    """What a file sets, creates or opens for its session is its own."""
    try:  # in one message: every file of thousands comes by here
        connection.execute(f"{AFRESH}; {SETTLE}; {NOTICE}".encode())
    except InvalidParameterValue:  # of NOTICE
        connection.execute(AFRESH)
        settle(connection)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000)) if seconds else 0


def settings_again(connection: psycopg.Connection[Any], done: Iterable[ScriptStatement]) -> None:
    """Make the settings of statements that an earlier session ran: the rest counts on them.

    A search_path that was not set again would let the rest find other tables.
    """
    for statement in done:
        first = next(significant(statement.text), None)
        if first is None or first.lower not in SETTING:
            continue
        if first.lower == "select" and "set_config" not in statement.text.lower():
            continue  # parsing each one of a large file takes its time
        if _is_setting(statement.text):
            connection.execute(statement.text.encode())


def _is_setting(text: str) -> bool:
    try:
        (parsed,) = parse(text).statements
    except (SyntaxProblem, ValueError):
        return False
    if parsed.kind == "VariableSetStmt":
        return not parsed.node.get("is_local")
    if parsed.kind == "SelectStmt":
        return _is_set_config(parsed.node)
    if parsed.kind in ("PrepareStmt", "LoadStmt"):
        return True
    return parsed.kind == "DiscardStmt" and parsed.node.get("target") != "DISCARD_ALL"


def _is_set_config(node: Node) -> bool:
    """`SELECT set_config('search_path', '', false)`, as pg_dump writes it."""
    targets = node.get("targetList", ())
    if len(targets) != 1 or "fromClause" in node or "whereClause" in node:
        return False
    call = targets[0]["ResTarget"]["val"].get("FuncCall", {})
    names = [part["String"]["sval"] for part in call.get("funcname", ())]
    values = [one.get("A_Const", {}) for one in call.get("args", ())]
    is_session = len(values) == 3 and values[2].get("boolval") == {}
    return names[-1:] == ["set_config"] and is_session and "sval" in values[1]

"""Temporary tables of a file that goes on in another session: they went with the one that was cut.

To make them again by themselves would be wrong: what they were computed from may be changed since,
by the very statements that they were made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from dbwright.errors import HalfDone
from dbwright.model.migration import ScriptStatement
from dbwright.model.names import quote
from dbwright.sql.lexer import significant
from dbwright.sql.parse import ParsedStatement, SyntaxProblem, parse, walk

__all__ = ["require_temporary"]

SCHEMA = "pg_temp"
IS_THERE = "SELECT to_regclass(%s) IS NOT NULL"


def require_temporary(
    connection: psycopg.Connection[Any],
    path: str,
    done: Sequence[ScriptStatement],
    rest: Sequence[ScriptStatement],
) -> None:
    """Raises HalfDone where the rest of a file names what was temporary, and is gone."""
    made: dict[str, ScriptStatement] = {}
    for statement in done:
        parsed = _parsed(statement.text)
        if parsed is None:
            continue
        if parsed.kind == "DropStmt":
            for name in _dropped(parsed):
                made.pop(name, None)
        else:
            made |= dict.fromkeys(_made(parsed), statement)
    for name, statement in made.items():
        if not _is_named(name, rest):
            continue
        row = connection.execute(IS_THERE, (quote(name),)).fetchone()
        if row is not None and not row[0]:
            raise HalfDone(
                f"{path}, line {statement.line}: {name} was temporary, and went with the session "
                "that was cut off; what comes after it needs it",
                f"make {name} by hand, as a plain table with the rows that it had, run again, and "
                "drop it then",
            )


def _parsed(text: str) -> ParsedStatement | None:
    if "temp" not in text.lower() and text.lstrip()[:4].lower() != "drop":
        return None  # parsing every statement of a large file takes its time
    try:
        return parse(text).statements[0]
    except (SyntaxProblem, IndexError):
        return None  # of a later server's grammar: nothing is known of it


def _made(parsed: ParsedStatement) -> list[str]:
    """The relations that the statement makes for its session."""
    creates = parsed.kind.startswith("Create")
    return [
        str(node["relname"])
        for _, node in walk(parsed.node)
        if node.get("relpersistence") == "t"
        or (creates and "relname" in node and node.get("schemaname") == SCHEMA)
    ]


def _dropped(parsed: ParsedStatement) -> list[str]:
    objects = [item["List"]["items"] for item in parsed.node["objects"] if "List" in item]
    return [items[-1]["String"]["sval"] for items in objects]


def _is_named(name: str, among: Sequence[ScriptStatement]) -> bool:
    return any(
        token.lower.strip('"') == name.lower()
        for statement in among
        if name.lower() in statement.text.lower()
        for token in significant(statement.text)
    )

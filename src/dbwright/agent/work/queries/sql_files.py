"""The queries of .sql files, with the names that sqlc, aiosql and PugSQL give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbwright.agent.work.queries.text import Text
from dbwright.sql.lexer import comments
from dbwright.sql.split import split

__all__ = ["query_name", "sql_texts"]

NAME = re.compile(r"--\s*:?name\s*:?\s*([\w.-]+)")
"""`-- name: GetUser :one`, `-- name: get-user^`, `-- :name get_user :one`."""


def sql_texts(source: str) -> Iterator[Text]:
    """Each statement, with the name that a comment before it gives."""
    end = 0
    for statement in split(source):
        before = source[end : statement.offset]
        end = statement.offset + len(statement.text)
        if statement.kind == "sql":
            yield Text(statement.text, statement.line, name=query_name(before))


def query_name(before: str) -> str:
    """What the comments before a statement call it; empty where they don't."""
    for comment in comments(before):
        found = NAME.match(comment.text)
        if found:
            return found[1].rstrip("-")
    return ""

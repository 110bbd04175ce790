"""Statements as they may be shown and kept: without the passwords that some of them hold."""

from __future__ import annotations

from dbwright.sql.lexer import tokens

__all__ = ["told"]

HOLDERS = frozenset(("password", "connection", "options"))
"""Words of statements whose constants may be secret: CREATE ROLE, SUBSCRIPTION, USER MAPPING."""


def told(statement: str) -> str:
    """The statement; where it may hold a password, with `'…'` in place of its constants."""
    lowered = statement.lower()
    if not any(word in lowered for word in HOLDERS):
        return statement
    found = list(tokens(statement))
    if not HOLDERS.intersection(token.lower for token in found):
        return statement
    return "".join(
        "'…'" if token.kind in ("string", "unterminated") else token.text for token in found
    )

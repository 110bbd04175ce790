"""Statements as they may be shown and kept: without the passwords that some of them hold."""

from __future__ import annotations

import re

from dbwright.sql.lexer import tokens

__all__ = ["told", "without_passwords"]

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


IN_A_URL = re.compile(r"(?<=://)([^\s:/@]*):[^\s@]*@")


def without_passwords(text: str) -> str:
    """Any text, such as that of an exception, without the passwords of the URLs in it."""
    return IN_A_URL.sub(r"\1:…@", text)

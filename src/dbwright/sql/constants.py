"""The constants that stand in expressions."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.sql.lexer import significant

__all__ = ["constants_of_expressions"]


def constants_of_expressions(expressions: Iterable[str]) -> list[str]:
    """The numbers and the texts in expressions of the catalog (checks, bounds of partitions), each
    once, in their order; texts without their quotes."""
    found: dict[str, None] = {}
    for expression in expressions:
        for token in significant(expression):
            if token.kind == "number":
                found[token.text] = None
            elif token.kind == "string" and token.text.startswith("'"):
                found[token.text[1:-1].replace("''", "'")] = None
    return list(found)

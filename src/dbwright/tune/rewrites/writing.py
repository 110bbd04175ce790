"""Writing a changed query: the part that changed is cut out of its text and the new one put in, so
that comments, literals and layout of the rest stay as they are.

The parser tells where a node begins, not where it ends: ends are tried, and what parses to the tree
that is wanted is right. Where none does, the whole query is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.sql.lexer import Token, significant
from dbwright.sql.parse import Node, SyntaxProblem, parse
from dbwright.sql.scope.canonical import canonical_expression, deparse

__all__ = ["without_locations", "written"]

PLACES = frozenset(("location", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"))
FURTHER = 6
"""Tokens that may belong to a node behind the last one that the parser tells the place of."""


def written(text: str, tree: Node, old: Node, new: Node) -> str | None:
    """The query as `tree` (`{"SelectStmt": …}`), in which the expression `new` stands where `text`
    has `old`; None where it can't be written."""
    whole = deparse("SelectStmt", tree["SelectStmt"])
    part = canonical_expression(new)
    if whole is None or part is None:
        return whole
    wanted = _parsed(whole)
    for start, end in _spans(text, old):
        for inserted in (part, f"({part})"):
            candidate = f"{text[:start]}{inserted}{text[end:]}"
            if wanted is not None and _parsed(candidate) == wanted:
                return candidate
    return whole


def without_locations(node: Any) -> Any:
    """The tree without places in the text, to compare."""
    if isinstance(node, Mapping):
        return {
            name: without_locations(child) for name, child in node.items() if name not in PLACES
        }
    return [without_locations(child) for child in node] if isinstance(node, list) else node


def _parsed(text: str) -> Any:
    """None for what does not parse."""
    try:
        return [without_locations(statement.node) for statement in parse(text).statements]
    except SyntaxProblem:
        return None


def _spans(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Where the node may begin and end, in characters, the shortest first."""
    if not text.isascii():
        places = [len(text.encode()[:place].decode(errors="ignore")) for place in _places(node)]
    else:
        places = _places(node)
    tokens = list(significant(text))
    index = {token.offset: number for number, token in enumerate(tokens)}
    found = [index[place] for place in places if place in index]
    if not found:
        return
    first, last = min(found), max(found)
    for end in range(last, min(last + FURTHER, len(tokens) - 1) + 1):
        if _balanced(tokens[first : end + 1]):
            yield tokens[first].offset, tokens[end].end
    reach = _closing(tokens, first, last)
    if reach is not None and reach > last + FURTHER:
        yield tokens[first].offset, tokens[reach].end


def _places(node: Any) -> list[int]:
    if isinstance(node, Mapping):
        own = [node["location"]] if isinstance(node.get("location"), int) else []
        own += [place for child in node.values() for place in _places(child)]
        return [place for place in own if place >= 0]
    return [place for child in node for place in _places(child)] if isinstance(node, list) else []


def _balanced(tokens: list[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0:
            return False
    return depth == 0


def _closing(tokens: list[Token], first: int, last: int) -> int | None:
    """The first token from `last` on at which all parentheses are closed again."""
    depth = 0
    for number in range(first, len(tokens)):
        depth += (tokens[number].text == "(") - (tokens[number].text == ")")
        if number >= last and depth == 0:
            return number
    return None

"""Equations that an expression asks for: `total = quantity * price`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dbwright.model.names import quote
from dbwright.sql.lexer import Token, significant

__all__ = ["equalities"]


def equalities(expression: str, columns: Collection[str]) -> list[tuple[str, str]]:
    """Columns of these, and the expression that each must be equal to, where the whole holds only
    if it is. As the server writes expressions: with a parenthesis around each operator's operands.
    """
    tokens = list(significant(f"({expression})"))
    names = {quote(name): name for name in columns}
    found: list[tuple[str, str]] = []
    for start, end in _conjuncts(tokens, 0):
        sides = _sides(tokens[start:end])
        if sides is None:
            continue
        for column_side, other in (sides, sides[::-1]):
            name = names.get(_column(column_side))
            if name is not None and not any(names.get(token.text) == name for token in other):
                found.append((name, _text(other)))
                break
    return found


def _conjuncts(tokens: Sequence[Token], opening: int) -> list[tuple[int, int]]:
    """Beginnings and ends of what is inside of parentheses that only AND joins."""
    closing = _closing(tokens, opening)
    inside = [
        place for place in range(opening + 1, closing) if _depth(tokens, opening + 1, place) == 0
    ]
    words = {tokens[place].text.upper() for place in inside if tokens[place].kind == "word"}
    only_groups = all(
        tokens[place].text in "()" or tokens[place].text.upper() == "AND" for place in inside
    )
    if only_groups and words <= {"AND"}:
        groups = [place for place in inside if tokens[place].text == "("]
        return [pair for place in groups for pair in _conjuncts(tokens, place)]
    return [(opening + 1, closing)]


def _sides(tokens: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]] | None:
    """What is left and right of the only `=` outside of parentheses."""
    outer = [place for place in range(len(tokens)) if _depth(tokens, 0, place) == 0]
    if any(tokens[place].text.upper() in ("AND", "OR", "NOT") for place in outer):
        return None
    equal = [place for place in outer if tokens[place].text == "="]
    if len(equal) != 1 or any(tokens[place].text.upper() == "ANY" for place in outer):
        return None
    return tokens[: equal[0]], tokens[equal[0] + 1 :]


def _column(tokens: Sequence[Token]) -> str:
    """The name that stands alone, perhaps with a cast; empty for anything else."""
    texts = [token.text for token in tokens]
    cast = texts.index("::") if "::" in texts else len(texts)
    if len(texts) > 2 and cast == len(texts) and ":" in texts:
        cast = texts.index(":")
    before = [text for text in texts[:cast] if text not in "()"]
    return before[0] if len(before) == 1 else ""


def _text(tokens: Sequence[Token]) -> str:
    """With the two colons of a cast, which are two tokens, side by side."""
    words: list[str] = []
    for token in tokens:
        if token.text == ":" and words and words[-1] == ":":
            words[-1] = "::"
        else:
            words.append(token.text)
    return " ".join(words)


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for place in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place].text, 0)
        if not depth:
            return place
    return len(tokens)


def _depth(tokens: Sequence[Token], start: int, place: int) -> int:
    """How deep a token is; parentheses themselves are outside of what they hold."""
    depth = 0
    for token in tokens[start:place]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
    return depth - 1 if tokens[place].text == ")" else depth

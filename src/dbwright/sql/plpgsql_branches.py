"""Which statements of a body in PL/pgSQL run only sometimes: in a branch, a loop or a handler."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.sql.lexer import Token, significant

__all__ = ["statements_in_branches"]

_BEFORE_STATEMENT = frozenset("begin then else loop declare exception".split())
_STATEMENTS = frozenset(
    "alter call cluster copy create delete drop execute insert lock merge refresh reindex truncate "
    "update with".split()
)
"""First words of those that change something."""
_BRANCHES = frozenset("if case loop handler".split())
_EXPRESSION = "expression"


def statements_in_branches(body: str) -> tuple[str, ...]:
    """Those that stand below IF, CASE or LOOP, or in an EXCEPTION part, as they are written: with
    variables of the body, and with INTO."""
    found = list(significant(body))
    open_: list[str] = []
    statements: list[str] = []
    index = 0
    while index < len(found):
        word = found[index].lower if found[index].kind == "word" else ""
        starts = _starts(found, index)
        if word in _STATEMENTS and starts and _EXPRESSION not in open_:
            end = _end_of(found, index)
            if _BRANCHES.intersection(open_):
                last = found[end - 1]
                statements.append(body[found[index].offset : last.offset + len(last.text)])
            index = end
            continue
        index += _follow(found, index, word, open_, starts=starts)
    return tuple(statements)


def _follow(
    found: Sequence[Token], index: int, word: str, open_: list[str], *, starts: bool
) -> int:
    """What the word opens or closes; how many words that are."""
    if word == "case":
        open_.append("case" if starts else _EXPRESSION)
    elif word == "loop" or (word in ("begin", "if") and starts):
        open_.append(word)
    elif word == "exception" and starts and open_[-1:] == ["begin"]:
        open_[-1] = "handler"
    elif word == "end" and open_:
        closed = open_.pop()
        after = found[index + 1].lower if index + 1 < len(found) else ""
        if closed != _EXPRESSION and after in ("if", "case", "loop"):
            return 2
    return 1


def _starts(found: Sequence[Token], index: int) -> bool:
    if index == 0:
        return True
    before = found[index - 1]
    return before.text in (";", ">>") or (
        before.kind == "word" and before.lower in _BEFORE_STATEMENT
    )


def _end_of(found: Sequence[Token], index: int) -> int:
    """The place of the semicolon behind the statement that begins there."""
    depth = 0
    for place in range(index + 1, len(found)):
        text = found[place].text
        depth += (text in "([") - (text in ")]")
        if depth <= 0 and text == ";":
            return place
    return len(found)

"""Which queries of a workload can be worked on, and why the others can't.

SELECT, INSERT, UPDATE, DELETE and MERGE can: those that change rows are kept and told apart, for
they are costed and never run. A cursor's query is taken out of its DECLARE. Everything else is
counted by its first words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dbwright.model.report import Skipped
from dbwright.model.workload import Query
from dbwright.sql.fingerprint import fingerprint, normalize
from dbwright.sql.lexer import significant
from dbwright.sql.parse import ParsedStatement, SyntaxProblem, parse, walk

__all__ = ["LONGEST", "Usable", "usable"]

LONGEST = 1_000_000
"""Characters of a statement that is still worked on."""

READS = "SelectStmt"
WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})

TWO_WORDS = frozenset("create alter drop".split())
"""First words of statements that the second word tells apart."""

TOLD = 20
"""Statements that do not parse and are told one by one."""


_PLACEHOLDER = re.compile(r"[=(,<>]\s*\?|%s|%\(\w+\)s|(?<![:\w]):[A-Za-z_]\w*")
NUMBERED = "write $1, $2 … for parameters, or put values in their place"
"""Where a statement does not parse in which something stands that drivers take for a parameter."""


@dataclass(frozen=True, slots=True)
class Usable:
    """The queries that can be worked on, each with its fingerprint."""

    queries: tuple[Query, ...]
    writes: frozenset[str]
    """Fingerprints of those that change rows."""
    skipped: tuple[Skipped, ...]


class _HasNoPlan(Exception):
    """A statement that is counted by its first words."""

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(words)


def usable(queries: Iterable[tuple[Query, str]]) -> Usable:
    """Sort out queries, each with the place that it is from (`file:line`, or empty)."""
    kept: list[Query] = []
    writes: set[str] = set()
    utility: Counter[str] = Counter()
    skipped: list[Skipped] = []
    refused = 0
    for query, place in queries:
        try:
            found, changes = _judged(query)
        except _HasNoPlan as left:
            utility[left.words] += 1
        except SyntaxProblem as problem:
            refused += 1
            if refused <= TOLD:
                reason = problem.message + (f" ({place})" if place else "")
                remedy = NUMBERED if _PLACEHOLDER.search(query.text) else ""
                shown = (_shown(query.text),)
                skipped.append(Skipped("workload.statements", reason, remedy, shown))
        else:
            kept.append(found)
            if changes:
                writes.add(found.fingerprint)
    if refused > TOLD:
        skipped.append(Skipped("workload.statements", f"{refused - TOLD:,} more can't be used"))
    if utility:
        skipped.append(_counted(utility))
    return Usable(tuple(kept), frozenset(writes), tuple(skipped))


def _judged(query: Query) -> tuple[Query, bool]:
    """The query as it can be worked on, and whether it changes rows.

    Raises _HasNoPlan, SyntaxProblem.
    """
    text = query.text
    if len(text) > LONGEST:
        raise SyntaxProblem(f"a statement of {len(text):,} characters is longer than {LONGEST:,}")
    statement = _statement(text)
    if statement.kind == "DeclareCursorStmt":
        text = _cursor_query(text)
        statement = _statement(text)
        query = replace(query, text=text, fingerprint="", example=text, slowest=None)
    if statement.kind == READS and "intoClause" in statement.node:
        raise _HasNoPlan("SELECT INTO")
    if statement.kind != READS and statement.kind not in WRITES:
        raise _HasNoPlan(_first_words(text))
    if not query.fingerprint:
        written = query.example == text  # with its constants
        query = replace(
            query,
            text=normalize(text) if written else text,
            fingerprint=fingerprint(text),
        )
    return query, statement.kind in WRITES or _modifies_within(statement)


def _statement(text: str) -> ParsedStatement:
    """The one statement of a text. Raises SyntaxProblem."""
    try:
        statements = parse(text).statements
    except SyntaxProblem as problem:
        message = f"the statement does not parse: {problem.message}"
        raise SyntaxProblem(message, problem.position) from None
    if len(statements) != 1:
        many = f"{len(statements)} statements were sent as one" if statements else "it is empty"
        raise SyntaxProblem(f"the text is not one statement: {many}")
    return statements[0]


def _modifies_within(statement: ParsedStatement) -> bool:
    """WITH … AS (DELETE …) SELECT changes rows as well."""
    return any(kind in WRITES for kind, _ in walk(statement.node))


def _cursor_query(text: str) -> str:
    """DECLARE name … CURSOR … FOR query: the query."""
    after_cursor = False
    for token in significant(text):
        if token.kind == "word" and token.lower == "cursor":
            after_cursor = True
        elif after_cursor and token.kind == "word" and token.lower == "for":
            return text[token.end :].strip()
    raise SyntaxProblem("the cursor has no query")


def _first_words(text: str) -> str:
    words = [token.lower for token in significant(text[:1000]) if token.kind == "word"][:2]
    if words and words[0] not in TWO_WORDS:
        words = words[:1]
    return " ".join(words).upper() or "OTHER"


def _counted(utility: Counter[str]) -> Skipped:
    kinds = ", ".join(
        f"{count:,} {words}"
        for words, count in sorted(utility.items(), key=lambda item: (-item[1], item[0]))
    )
    total = utility.total()
    return Skipped(
        "workload.utility",
        f"{total:,} {'statement has' if total == 1 else 'statements have'} no plan: {kinds}",
    )


def _shown(text: str) -> str:
    """The beginning of a statement, on one line."""
    line = " ".join(text[:400].split())
    return line if len(line) <= 80 else f"{line[:79]}…"

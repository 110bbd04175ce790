"""Which text is a query: PostgreSQL's parser says it, and the schema whether it is this one's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbwright.agent.work.queries.numbered import numbered
from dbwright.agent.work.queries.text import HOLE, JPQL, Text
from dbwright.sql.lexer import significant
from dbwright.sql.parse import ParsedStatement, walk

__all__ = ["FoundQuery", "Unread", "judged", "looks_like_query"]

FIRST = {
    "select": "SelectStmt",
    "with": "",
    "insert": "InsertStmt",
    "update": "UpdateStmt",
    "delete": "DeleteStmt",
    "merge": "MergeStmt",
}
"""First words, and what a statement that begins so is; empty where that is open."""
KINDS = frozenset(kind for kind in FIRST.values() if kind)
SECOND = {"insert": ("into",), "delete": ("from",), "merge": ("into",)}
SENDS = frozenset(
    """
    execute executemany execute_async exec query queryrow queryx queryrowx get select
    querycontext execcontext queryrowcontext fetch fetchrow fetchval fetchall fetchone fetch_all
    fetch_one fetch_val copy_query cursor prepare preparecontext preparestatement createnativequery
    text raw unsafe find_by_sql exec_query select_all select_one select_value select_rows
    exec_params exec_prepared queryrawunsafe $queryrawunsafe $executerawunsafe scalars
    one oneornone manyornone any none many sql $queryraw $executeraw read_sql read_sql_query
    queryforobject queryforlist batchupdate nativequery
    queryasync executeasync queryfirst queryfirstasync queryfirstordefault queryfirstordefaultasync
    querysingle querysingleasync querysingleordefault querysingleordefaultasync executescalar
    executescalarasync querymultiple querymultipleasync npgsqlcommand fromsqlraw
    fromsqlinterpolated executesqlraw executesqlinterpolated sqlqueryraw sqlquery
    query_as query_scalar query_one query_opt execute_query
    """.split()
)
"""Functions that send their text to a database."""
OPENING = 400
"""Characters in which the first words are looked for."""


@dataclass(frozen=True, slots=True)
class FoundQuery:
    """A query of the code."""

    text: str
    """With $1, $2 … for its parameters."""
    place: str
    """`file:line`, from the root."""
    relations: tuple[tuple[str | None, str], ...]
    """Schema (None where the query names none) and name of what it reads and writes."""
    name: str = ""
    is_put_together: bool = False
    """Are values written into its text?"""
    is_sent: bool = False
    """Is it surely for a database: passed to what sends it, or named in a file of queries?"""


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that begins as a query does, and can't be read as one."""

    place: str
    reason: str


def looks_like_query(text: str) -> bool:
    """A quick look, before anything is parsed."""
    words = [token.lower for token in _first(text)]
    if not words or words[0] not in FIRST:
        return False
    return len(words) > 1 and words[1] in SECOND.get(words[0], (words[1],))


def judged(text: Text, path: str, *, python: bool = False) -> FoundQuery | Unread | None:
    """The query that the text is; None for what is none, or reads no relation."""
    if text.call == JPQL or not looks_like_query(text.text):
        return None
    place = f"{path}:{text.line}"
    is_sent = bool(text.name) or text.call in SENDS
    found = numbered(text, python=python)
    if found is None:
        return _unread(text, place, is_sent)
    if found.statement.kind not in KINDS or "intoClause" in found.statement.node:
        return None
    relations = tuple(dict.fromkeys(_relations(found.statement)))
    if not relations:
        return None
    if found.is_put_together and _is_shaped(found.statement):
        reason = "its columns, or what it sorts by, are put together when the program runs"
        return Unread(place, reason)
    return FoundQuery(found.text, place, relations, text.name, found.is_put_together, is_sent)


def _unread(text: Text, place: str, is_sent: bool) -> Unread | None:
    """Prose begins with such words as well: told is what is sent, or put together."""
    if HOLE in text.text and (is_sent or _is_shouted(text.text)):
        return Unread(place, "it is put together when the program runs")
    return Unread(place, "the parser does not take it") if is_sent else None


def _is_shaped(statement: ParsedStatement) -> bool:
    """Does what comes in stand where a name has to: in the list of columns, behind ORDER BY?"""
    return any(
        "ParamRef" in node.get(part, {})
        for name, node in walk(statement.node)
        for part in ("val", "node")
        if name in ("ResTarget", "SortBy")
    )


def _is_shouted(text: str) -> bool:
    first = next(iter(_first(text)), None)
    return first is not None and first.text.isupper()


def _first(text: str) -> list[Any]:
    found = []
    for token in significant(text, 0, min(len(text), OPENING)):
        if token.text != "(":
            found.append(token)
        if len(found) == 2:
            break
    return found


def _relations(statement: ParsedStatement) -> Iterator[tuple[str | None, str]]:
    """But for the names that WITH gives."""
    named = {node["ctename"] for _, node in walk(statement.node) if "ctename" in node}
    for _, node in walk(statement.node):
        if "relname" not in node:
            continue
        schema = node.get("schemaname") or None
        if schema is not None or node["relname"] not in named:
            yield schema, node["relname"]

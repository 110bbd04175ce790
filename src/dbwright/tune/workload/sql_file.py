"""A workload written by hand: a file of statements, each with how often it runs.

    -- calls: 12000
    SELECT * FROM orders WHERE customer_id = 42;

A statement without such a comment counts once. The comment stands before its statement.
"""

from __future__ import annotations

from pathlib import Path

from dbwright.errors import FileUnreadable
from dbwright.model.report import Skipped
from dbwright.model.workload import Query
from dbwright.sql.lexer import comments
from dbwright.sql.split import split

__all__ = ["read_sql_file"]


def read_sql_file(path: Path) -> tuple[list[tuple[Query, str]], list[Skipped]]:
    """The statements in the order of the file, each with its place (`file:line`); texts as they
    are written. Raises FileUnreadable."""
    try:
        # What is no UTF-8 stays where it is, and costs only the statement that it is in.
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as problem:
        raise FileUnreadable(f"can't read {path}: {problem.strerror}", "check the path") from None
    queries: list[tuple[Query, str]] = []
    skipped: list[Skipped] = []
    end = commands = 0
    for statement in split(text):
        before, end = text[end : statement.offset], statement.offset + len(statement.text)
        if statement.kind != "sql":
            commands += statement.kind == "meta-command"
            continue
        place = f"{path}:{statement.line}"
        calls, wrong = _calls(before)
        if wrong:
            skipped.append(
                Skipped("workload.calls", f"{place}: {wrong!r} is no number of calls; it counts 1")
            )
        query = Query(text=statement.text, calls=calls, example=statement.text)
        queries.append((query, place))
    if commands:
        many = f"{commands:,} command{'s' if commands > 1 else ''} of psql"
        skipped.append(Skipped("workload.commands", f"{path}: {many}"))
    return queries, skipped


def _calls(before: str) -> tuple[int, str]:
    """What the comments before a statement say; and what was said and can't be read."""
    calls, wrong = 1, ""
    for comment in comments(before):
        name, colon, value = comment.text.strip("-/* \t\r\n").partition(":")
        if not colon or name.strip().lower() != "calls":
            continue
        number = value.strip().replace(",", "").replace("_", "")
        if number.isascii() and number.isdigit() and int(number) > 0:
            calls, wrong = int(number), ""
        else:
            wrong = value.strip()
    return calls, wrong

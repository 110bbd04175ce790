"""What a migration's file says: options, the part that goes up and the one that goes down.

A part begins at a comment that stands between statements (`-- UP`, `-- DOWN`); one within a
statement, a string or the body of a function is none. Markers of other tools are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.options import is_option, read_options
from dbwright.migrate.files.text import text_of
from dbwright.model.migration import Migration, MigrationScript, ScriptStatement
from dbwright.sql.lexer import comments
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.split import Statement, split

__all__ = ["read_script", "script"]

UP = frozenset(("up", "up migration", "migrate:up", "+goose up", "+migrate up"))
DOWN = frozenset(
    (
        "down",
        "down migration",
        "migrate:down",
        "+goose down",
        "+migrate down",
        "//@undo",
        "create above / drop below",
    )
)
"""Of dbwright; node-pg-migrate; dbmate; goose; sql-migrate; MyBatis; tern."""
OUTSIDE = ("notransaction", "transaction:false")
"""What sql-migrate and dbmate write behind a marker for a part outside of a transaction."""
GOOSE_OUTSIDE = "+goose no transaction"
ORNAMENTS = "-=*#~: "
"""What people put around a marker."""
LIKE_A_MARK = re.compile(r"(?:UP|DOWN)\b.*|(?i:(?:migrate:|\+(?:goose|migrate) ?)(?:up|down)\b.*)")
MAYBE_A_MARK = re.compile(r"--[^\n]*\b(?:up|down|undo|drop below)\b", re.IGNORECASE)
BLOCK = re.compile(r"(?i:up|down)")


@dataclass(frozen=True, slots=True)
class _Mark:
    part: str
    offset: int
    line: int


def read_script(migration: Migration) -> MigrationScript:
    """Raises FileUnreadable, BadMigration."""
    return script(text_of(Path(migration.path)), migration.path)


def script(text: str, path: str) -> MigrationScript:
    """The parts of a text. Raises BadMigration, which names `path` and the line."""
    statements = list(split(text))
    marks, outside = _marks(text, statements, path)
    _require_order(marks, path)
    places = [one.offset for one in statements] + [mark.offset for mark in marks]
    begin = min(places, default=len(text))
    options = read_options(text[:begin], path)
    parts: dict[str, list[ScriptStatement]] = {"up": []}
    parts |= {mark.part: [] for mark in marks}
    for statement in statements:
        part = next((m.part for m in reversed(marks) if m.offset < statement.offset), "up")
        if statement.kind == "copy-data":
            parts[part][-1] = replace(parts[part][-1], data=statement.text)
        else:
            parts[part].append(_taken(statement, path))
    return MigrationScript(
        up=tuple(parts["up"]),
        down=tuple(parts["down"]) if "down" in parts else None,
        options=replace(
            options,
            no_transaction=options.no_transaction or outside or options.batches is not None,
        ),
    )


def _marks(text: str, statements: Sequence[Statement], path: str) -> tuple[list[_Mark], bool]:
    """Where parts begin; and whether another tool's words say to run outside of transactions.

    Raises BadMigration for what is nearly a marker: its part would run with the one before it.
    """
    found: list[_Mark] = []
    outside = False
    first = statements[0].offset if statements else len(text)
    for start, end in _between(text, statements):
        if "-" not in text[start:end] and "*" not in text[start:end]:
            continue
        for token in comments(text[start:end]):
            offset = start + token.offset
            words, is_outside = _words(token.text)
            outside = outside or is_outside
            line = text.count("\n", 0, offset) + 1
            if part := _part(words, token.text):
                found.append(_Mark(part, offset, line))
                first = min(first, offset)
            elif _is_like_a_mark(token.text):
                raise BadMigration(
                    f"{path}, line {line}: does `{token.text.strip()[:60]}` begin a part?",
                    "write -- UP or -- DOWN alone on its line, or begin the comment with other "
                    "words",
                )
            elif offset > first and is_option(token.text):
                raise BadMigration(
                    f"{path}, line {line}: the option {token.text.strip()[:60]} is not at the head",
                    "write options before the first part and the first statement",
                )
    return found, outside


def _words(comment: str) -> tuple[str, bool]:
    """What a comment of one line says; and whether it asks for no transaction."""
    words = " ".join(comment.lower().removeprefix("--").strip(ORNAMENTS).split())
    if words == GOOSE_OUTSIDE:
        return words, True
    for ending in OUTSIDE:
        if words.endswith(f" {ending}") and words.startswith(("migrate:", "+migrate ")):
            return words.removesuffix(ending).strip(), True
    return words.removesuffix(" transaction:true"), False


def _part(words: str, comment: str) -> str:
    if not comment.startswith("--"):
        return ""
    return "up" if words in UP else "down" if words in DOWN else ""


def _is_like_a_mark(comment: str) -> bool:
    if comment.startswith("--"):
        return LIKE_A_MARK.fullmatch(comment.strip(ORNAMENTS)) is not None
    return BLOCK.fullmatch(comment.strip("/*-=# \n")) is not None


def _between(text: str, statements: Sequence[Statement]) -> Iterator[tuple[int, int]]:
    """The places before, between and after statements, where comments are nobody's."""
    end = 0
    for statement in statements:
        yield end, statement.offset
        end = statement.offset + len(statement.text)
    yield end, len(text)


def _require_order(marks: Sequence[_Mark], path: str) -> None:
    names = [mark.part for mark in marks]
    for place, mark in enumerate(marks):
        if mark.part in names[:place]:
            raise BadMigration(
                f"{path}, line {mark.line}: a second {mark.part.upper()} part",
                "write one UP and one DOWN part",
            )
    if names == ["down", "up"]:
        raise BadMigration(
            f"{path}, line {marks[1].line}: UP stands after DOWN", "put the UP part first"
        )


def _require_end(statement: Statement, path: str) -> None:
    """Before a marker a semicolon is easily forgotten: then the next part is swallowed."""
    if not MAYBE_A_MARK.search(statement.text):
        return
    for token in comments(statement.text):
        if _part(_words(token.text)[0], token.text) and not _is_sql(statement.text):
            line = statement.line + statement.text.count("\n", 0, token.offset)
            raise BadMigration(
                f"{path}, line {line}: the statement before `{token.text.strip()[:60]}` has no end",
                f"end it with a semicolon; it begins in line {statement.line}",
            )


def _is_sql(text: str) -> bool:
    try:
        return len(parse(text).statements) == 1
    except SyntaxProblem:
        return False


def _taken(statement: Statement, path: str) -> ScriptStatement:
    _require_end(statement, path)
    if statement.kind != "sql":
        raise BadMigration(
            f"{path}, line {statement.line}: {statement.text[:60].splitlines()[0]} is for psql, "
            "not for the server",
            "write it as SQL: a migration runs without psql",
        )
    return ScriptStatement(statement.text, statement.line)

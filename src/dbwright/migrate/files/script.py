"""What a migration's file says: options, the part that goes up and the one that goes down.

A part begins at a comment that stands between statements (`-- UP`, `-- DOWN`); one within a
statement, a string or the body of a function is none. Markers of other tools are read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbwright.errors import BadMigration, FileUnreadable
from dbwright.migrate.files.options import read_options
from dbwright.model.migration import Migration, MigrationScript, ScriptStatement
from dbwright.sql.lexer import comments
from dbwright.sql.split import Statement, split

__all__ = ["read_script", "script"]

UP = frozenset(("up", "migrate:up", "+goose up", "+migrate up"))
DOWN = frozenset(("down", "migrate:down", "+goose down", "+migrate down", "//@undo"))
"""Of dbwright; dbmate; goose; sql-migrate; MyBatis."""
OUTSIDE = frozenset(("+goose no transaction", "migrate:up transaction:false"))
"""What other tools write for a file that runs outside of a transaction."""


@dataclass(frozen=True, slots=True)
class _Mark:
    part: str
    offset: int
    line: int


def read_script(migration: Migration) -> MigrationScript:
    """Raises FileUnreadable, BadMigration."""
    path = Path(migration.path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise FileUnreadable(
            f"can't read {path}: {problem.strerror}", "see that it is a file that you may read"
        ) from None
    except UnicodeDecodeError as problem:
        raise BadMigration(
            f"{path} is not UTF-8: byte {problem.start + 1} can't be read", "save it as UTF-8"
        ) from None
    return script(text, str(path))


def script(text: str, path: str) -> MigrationScript:
    """The parts of a text. Raises BadMigration, which names `path` and the line."""
    statements = list(split(text))
    marks, outside = _marks(text, statements)
    _require_order(marks, path)
    places = [one.offset for one in statements] + [mark.offset for mark in marks]
    begin = min(places, default=len(text))
    options = read_options(text[:begin], path)
    parts: dict[str, list[ScriptStatement]] = {"up": []}
    parts |= {mark.part: [] for mark in marks}
    for statement in statements:
        part = next((m.part for m in reversed(marks) if m.offset < statement.offset), "up")
        parts[part].append(_taken(statement, path))
    return MigrationScript(
        up=tuple(parts["up"]),
        down=tuple(parts["down"]) if "down" in parts else None,
        options=replace(options, no_transaction=options.no_transaction or outside),
    )


def _marks(text: str, statements: Sequence[Statement]) -> tuple[list[_Mark], bool]:
    """Where parts begin; and whether another tool's words say to run outside of transactions."""
    found: list[_Mark] = []
    outside = False
    for start, end in _between(text, statements):
        gap = text[start:end]
        for token in comments(gap):
            words = " ".join(token.text.lower().removeprefix("--").split())
            if words == token.text.lower():  # a block comment
                continue
            outside = outside or words in OUTSIDE
            part = "up" if words in UP | OUTSIDE else "down" if words in DOWN else ""
            if part and words != "+goose no transaction":
                offset = start + token.offset
                found.append(_Mark(part, offset, text.count("\n", 0, offset) + 1))
    return found, outside


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


def _taken(statement: Statement, path: str) -> ScriptStatement:
    if statement.kind != "sql":
        raise BadMigration(
            f"{path}, line {statement.line}: {statement.text.splitlines()[0][:60]} is for psql, "
            "not for the server",
            "write it as SQL: a migration runs without psql",
        )
    return ScriptStatement(statement.text, statement.line)

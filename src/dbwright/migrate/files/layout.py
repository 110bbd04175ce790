"""What a layout is, and what all of them share: bytes to text, text to a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from dbwright.errors import BadMigration, FileUnreadable
from dbwright.migrate.files.script import script
from dbwright.migrate.files.text import text_of
from dbwright.model.migration import Migration, MigrationScript, ReadMigration
from dbwright.model.report import Skipped
from dbwright.sql.outside import refuses_transactions
from dbwright.sql.split import split

__all__ = [
    "Layout",
    "by_implicit_transaction",
    "outside",
    "read_sql",
    "sql_below",
    "unnamed",
    "with_way_back",
    "without_psql",
]

PSQL = "meta-command"
RUNS_MORE = frozenset(("\\i", "\\ir", "\\include", "\\include_relative", "\\gexec"))


def _nothing(path: Path) -> tuple[Skipped, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How one tool lays out its migrations."""

    name: str
    """The tool, in small letters."""
    claims: Callable[[Path], bool]
    """Is this folder, or this file alone, laid out so?"""
    read: Callable[[Path], tuple[ReadMigration, ...]]
    """All of it, in the tool's order. Raises FileUnreadable, BadMigration."""
    of_files: bool = False
    """Does it read a file rather than a folder?"""
    nested: bool = False
    """Has each migration a folder of its own?"""
    is_sql: bool = True
    """Can it be read at all? Else `read` raises, and says how it is turned into SQL."""
    last: bool = False
    """Is it only asked where no other layout claims?"""
    sets_lock_timeout: bool = False
    """Does its runner give up the wait for a lock after a short time, by itself?"""
    passed_over: Callable[[Path], tuple[Skipped, ...]] = _nothing
    """What stands in the folder and `read` leaves out, for its name tells no version; `part` is the
    path."""


def read_sql(path: Path, version: str, name: str, text: str | None = None) -> ReadMigration:
    """A file of SQL as one migration. Raises FileUnreadable, BadMigration."""
    written = text_of(path) if text is None else text
    content = written.replace("\r\n", "\n").encode()
    migration = Migration(version, name, str(path), sha256(content).hexdigest())
    return ReadMigration(migration, script(written, str(path)))


def without_psql(text: str) -> str:
    """The text with blanks for what is for psql alone: all else keeps its place.

    Raises BadMigration for a command that runs SQL which the text does not hold.
    """
    parts: list[str] = []
    position = 0
    for statement in split(text):
        if statement.kind == PSQL:
            if statement.text.split()[0] in RUNS_MORE:
                raise BadMigration(
                    f"line {statement.line}: {statement.text.strip()[:60]} is for psql, and what "
                    "it would run is not seen",
                    "put the SQL itself in its place, or name the other file",
                )
            parts.append(text[position : statement.offset])
            position = statement.offset + len(statement.text)
            parts.append(" " * len(statement.text))
    return "".join(parts) + text[position:]


def with_way_back(found: ReadMigration, path: Path) -> ReadMigration:
    """With the statements of a file of its own, which takes it back. Raises as `read_sql`."""
    statements = read_sql(path, "", "").script.up
    down = tuple(replace(one, path=str(path)) for one in statements)
    return replace(found, script=replace(found.script, down=down))


def unnamed(path: Path, example: str) -> Skipped:
    """A file that its tool would not run, or refuse, by its name. `example`: one that is read."""
    return Skipped(
        str(path), "its name tells no version, so it is none of the folder's", f"name it {example}"
    )


def outside(read: ReadMigration) -> ReadMigration:
    """The same, run statement by statement, each a transaction of its own."""
    return replace(read, script=_outside(read.script))


def by_implicit_transaction(read: ReadMigration) -> ReadMigration:
    """Of tools that send a file as one message: several statements are one transaction, and one
    alone may be of those that refuse to run in a transaction."""
    alone = len(read.script.up) == 1 and refuses_transactions(read.script.up[0].text)
    return outside(read) if alone else read


def sql_below(folder: Path) -> tuple[Path, ...]:
    """The .sql files of a folder itself, by name; hidden ones are passed over.

    Raises FileUnreadable.
    """
    try:
        return tuple(
            sorted(
                path
                for path in folder.iterdir()
                if path.suffix.lower() == ".sql" and not path.name.startswith(".")
            )
        )
    except OSError as problem:
        raise FileUnreadable(
            f"can't read {problem.filename or folder}: {problem.strerror}",
            "see that it is a folder that you may read",
        ) from None


def _outside(found: MigrationScript) -> MigrationScript:
    return replace(found, options=replace(found.options, no_transaction=True))

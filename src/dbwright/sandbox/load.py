"""SQL files become a database of a throw-away server, statement by statement.

What the server refuses is told with its place and what to do, and the rest is loaded. The files'
own transaction blocks are kept; each statement in them has a savepoint, so that one refused
statement does not take the others along. See `trust` for what a file may do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dbwright.errors import ConnectionLost
from dbwright.model.finding import Location
from dbwright.model.snapshot import RefusedStatement
from dbwright.progress import Progress, silent
from dbwright.sandbox.hints import Known
from dbwright.sandbox.journal import Journal
from dbwright.sandbox.runner import Runner
from dbwright.sandbox.session import Session
from dbwright.sandbox.sql_files import left_out, read_script, sql_files
from dbwright.sandbox.trust import forbidden, passed_over
from dbwright.sql.parse import ParsedStatement, parse_alone
from dbwright.sql.split import Statement, split

if TYPE_CHECKING:
    from dbwright.sandbox.server import Server

__all__ = ["Loaded", "load", "sql_files"]

_BATCH = 500
"""INSERTs sent at once."""
_BATCH_CHARACTERS = 1 << 18
_CHANGES_SCHEMA = ("VariableSetStmt", "CreateSchemaStmt", "TransactionStmt", "DropStmt")
_IDLE_COMMANDS = frozenset(
    r"""\restrict \unrestrict \set \unset \echo \qecho \warn \pset \timing \encoding \. \x \a \t
    \h \? \p \r \q \errverbose \d \d+ \dt \dt+ \df \di \dn \du \dx \l \conninfo""".split()
)
_INCLUDES = frozenset([r"\i", r"\ir", r"\include", r"\include_relative"])
_CONNECTS = (r"\c", r"\connect")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the files."""

    refused: tuple[RefusedStatement, ...] = ()
    locations: dict[str, Location] = field(default_factory=dict)
    """Where each object is declared, by `str(ObjectRef)`."""
    notes: tuple[str, ...] = ()
    """What was left out, passed over or made up, one sentence each."""
    statements: int = 0
    """How many the files hold, COPY data not counted."""


def load(
    server: Server,
    database: str,
    files: Iterable[Path],
    *,
    root: Path | None = None,
    progress: Progress = silent,
    statement_timeout: float = 60.0,
) -> Loaded:
    """Load the files, in order, into a database of the sandbox (made where it is missing).

    `root` is the folder that was given as the target; what it holds and is left out is noted.
    Locations name files as the caller did. Files that `\\i` names must be below `root` (else the
    first file's folder). `statement_timeout` in seconds. One load
    at a time on a server: a second one waits.
    Raises FileUnreadable, and ConnectionLost where the server is gone for good.
    """
    import psycopg

    paths = tuple(files)
    try:
        with Session(server, database, statement_timeout) as session:
            return _Loader(session, paths, root, progress).load()
    except psycopg.OperationalError as problem:
        raise ConnectionLost(
            f"The sandbox's server went away: {str(problem).strip().splitlines()[0]}",
            "Run it again; a statement that ends the server is a fault worth reporting.",
        ) from None


class _Loader:
    """Reads files and hands their statements on."""

    def __init__(
        self, session: Session, paths: tuple[Path, ...], root: Path | None, progress: Progress
    ) -> None:
        self.session = session
        self.paths = paths
        self.root = root
        self.progress = progress
        first = root or (paths[0] if paths else Path())
        self.base = (first if first.is_dir() else first.parent).resolve()
        self.journal = Journal()
        self.runner = Runner(session, self.journal)
        self.seen: set[Path] = set()
        self.depth = 0
        self.schema = session.schema()

    def load(self) -> Loaded:
        if self.root is not None:
            for path in left_out(self.root):
                self.journal.note("it takes a migration back, and was left out.", self.name(path))
        for path in self.paths:
            self.file(path)
        known = Known(self.session.major, self.session.extensions())
        refused = self.journal.refused(known)
        return Loaded(refused, self.journal.locations, self.journal.notes(), self.journal.count)

    def name(self, path: Path) -> str:
        """As locations write it: as a person in the working folder would."""
        inside = path.resolve()
        if self.root is not None and self.root.is_dir() and inside.is_relative_to(self.base):
            return (self.root / inside.relative_to(self.base)).as_posix()
        return path.as_posix()

    def file(self, path: Path) -> None:
        """One file, unless another has included it already."""
        real = path.resolve()
        if real in self.seen:
            return
        self.seen.add(real)
        script = read_script(path)
        for text in script.notes:
            self.journal.note(text, self.name(path))
        self.depth += 1
        self.script(script.text, path)
        self.depth -= 1
        if not self.depth:
            self.end_of_file(path)

    def end_of_file(self, path: Path) -> None:
        """A transaction that is still open is committed: nothing else would keep its objects."""
        if self.session.in_transaction:
            self.journal.note(
                "its last transaction was still open; it was committed.", self.name(path)
            )
            self.session.control("COMMIT")
        self.session.fresh()
        self.schema = self.session.schema()

    def script(self, text: str, path: Path) -> None:
        file, total, told = self.name(path), len(text), 0
        batch: list[Statement] = []
        size = 0
        statements = split(text)
        self.progress(f"loading {file}", 0, total)
        for statement in statements:
            is_insert = statement.kind == "sql" and statement.text[:6].lower() == "insert"
            if is_insert:
                batch.append(statement)
                size += len(statement.text)
            if not is_insert or len(batch) >= _BATCH or size >= _BATCH_CHARACTERS:
                self.inserts(batch, file)
                batch, size = [], 0
            if not is_insert:
                self.one(statement, statements, path)
            if statement.offset - told > total // 100:
                told = statement.offset
                self.progress(f"loading {file}", told, total)
        self.inserts(batch, file)
        self.progress(f"loading {file}", total, total)

    def inserts(self, batch: list[Statement], file: str) -> None:
        self.journal.count += len(batch)
        for statement, problem in self.runner.inserts(batch):
            self.journal.refuse(statement, None, file, problem, self.schema)

    def one(self, statement: Statement, following: Iterator[Statement], path: Path) -> None:
        """Any statement but an INSERT."""
        if statement.kind == "copy-data":
            return  # of a \copy, which was refused
        self.journal.count += 1
        if statement.kind == "meta-command":
            self.meta_command(statement, path)
        else:
            self.sql(statement, following, self.name(path))

    def sql(self, statement: Statement, following: Iterator[Statement], file: str) -> None:
        parsed = parse_alone(statement.text)
        data = ""
        if parsed is not None and _takes_data(parsed):
            lines = next(following, None)
            data = "" if lines is None else lines.text
        if parsed is not None and (why := forbidden(parsed)):
            self.journal.not_run(statement, file, why)
            return
        if parsed is not None and (left := passed_over(parsed)):
            self.journal.note(f"{left} was passed over.")
            return
        problem = self.runner.run(statement, parsed, data)
        if problem is not None:
            self.journal.refuse(statement, parsed, file, problem, self.schema)
            return
        if parsed is not None:
            self.journal.remember(statement, parsed, file, self.schema)
            if parsed.kind in _CHANGES_SCHEMA or "search_path" in statement.text:
                self.schema = self.session.schema()

    def meta_command(self, statement: Statement, path: Path) -> None:
        words = statement.text.split()
        command = words[0].lower()
        if command in _INCLUDES and len(words) > 1:
            self.include(statement, words[1].strip("'\""), path)
        elif command in _IDLE_COMMANDS:
            self.journal.note(f"psql's {command} was passed over.")
        elif command in _CONNECTS:
            self.journal.note(
                f"psql's {command} was passed over: all files are loaded into one database."
            )
        else:
            why = f"{words[0]} is a command of psql: the sandbox does not run it."
            if command == r"\copy":
                why += " Use COPY … FROM stdin with the data below it."
            self.journal.not_run(statement, self.name(path), why)

    def include(self, statement: Statement, name: str, path: Path) -> None:
        """`\\i`: a file below the root, by its path from the script or from the root."""
        for folder in (path.parent, self.base):
            target = folder / name
            if target.is_file() and target.resolve().is_relative_to(self.base):
                self.file(target)
                return
        why = f"There is no file {name} below {self.base.name or 'the root'}."
        self.journal.not_run(statement, self.name(path), why)


def _takes_data(parsed: ParsedStatement) -> bool:
    from_file = parsed.node.get("filename") or parsed.node.get("is_program")
    return parsed.kind == "CopyStmt" and bool(parsed.node.get("is_from")) and not from_file

"""What is to be run of a file, in one direction."""

from __future__ import annotations

from dataclasses import replace

from dbwright.errors import BadMigration
from dbwright.migrate.files.python_file import python_options, python_part
from dbwright.migrate.files.script import read_script
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.runner import Work
from dbwright.model.migration import Migration, MigrationOptions, ScriptStatement
from dbwright.sql.parse import SyntaxProblem, statement_kind

__all__ = ["work_of"]


def work_of(migration: Migration, direction: str, patience: Patience) -> Work:
    """The file's part, and how it is run. Raises FileUnreadable, BadMigration."""
    if migration.is_python:
        return _of_python(migration, direction, patience)
    found = read_script(migration)
    statements = found.up if direction == "up" else found.down
    if statements is None:
        raise BadMigration(
            f"{migration.path} has no DOWN part",
            "write one behind a line `-- DOWN`; an empty one says that there is nothing to do",
        )
    options = found.options
    if not options.no_transaction:
        statements = _without_wrapping(statements, migration.path)
    return Work(
        migration, direction, statements, not options.no_transaction, _patience(patience, options)
    )


def _of_python(migration: Migration, direction: str, patience: Patience) -> Work:
    function = python_part(migration, direction)
    if function is None:
        raise BadMigration(
            f"{migration.path} has no function {direction}",
            f"write: def {direction}(connection): …",
        )
    options = python_options(migration)
    whole = not options.no_transaction
    called = (ScriptStatement(f"{direction}()", function.__code__.co_firstlineno),)
    return Work(migration, direction, called, whole, _patience(patience, options), function)


def _patience(patience: Patience, options: MigrationOptions) -> Patience:
    """What the file says comes before what the command line says."""
    return replace(
        patience,
        lock_timeout=_or(options.lock_timeout, patience.lock_timeout),
        statement_timeout=_or(options.statement_timeout, patience.statement_timeout),
        retries=patience.retries if options.retry is None else options.retry,
    )


def _or(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _without_wrapping(
    statements: tuple[ScriptStatement, ...], path: str
) -> tuple[ScriptStatement, ...]:
    """Without a BEGIN before and a COMMIT behind all: the file is one transaction as it is."""
    ends = [one for one in statements if _kind(one) == "TransactionStmt"]
    if len(ends) == 2 and (statements[0], statements[-1]) == (ends[0], ends[1]):
        return statements[1:-1]
    if ends:
        raise BadMigration(
            f"{path}, line {ends[0].line}: a file is one transaction, and has no BEGIN or COMMIT "
            "within",
            "leave them out, or say `-- no-transaction` at its head",
        )
    return statements


def _kind(statement: ScriptStatement) -> str:
    try:
        return statement_kind(statement.text)
    except SyntaxProblem:
        return ""  # the server says what is wrong with it

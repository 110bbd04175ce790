"""What is to be run of a file, in one direction."""

from __future__ import annotations

from dataclasses import replace

from dbwright.errors import BadMigration
from dbwright.migrate.backfill.of_file import in_batches, require_some
from dbwright.migrate.files.python_file import first_line, python_options, python_part
from dbwright.migrate.files.script import read_script
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.work import Work
from dbwright.model.migration import Migration, MigrationOptions, ScriptStatement
from dbwright.sql.lexer import significant
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["work_of"]

TRANSACTION_WORDS = frozenset(
    "begin start commit end rollback abort savepoint release prepare".split()
)
WRAPPINGS = (
    ["TRANS_STMT_BEGIN", "TRANS_STMT_COMMIT"],
    ["TRANS_STMT_START", "TRANS_STMT_COMMIT"],
)


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
    if direction == "up" and not statements:
        raise BadMigration(
            f"{migration.path} has no statement to run",
            "fill its UP part, or write SELECT 1 where there is nothing to do",
        )
    options = found.options
    statements = _without_wrapping(statements, migration.path, whole=not options.no_transaction)
    _require_readers(statements, migration.path)
    require_some(found, migration.path)
    return Work(
        migration,
        direction,
        statements,
        not options.no_transaction,
        _patience(patience, options),
        batches=options.batches,
        in_batches=in_batches(statements, options.batches, migration.path),
    )


def _of_python(migration: Migration, direction: str, patience: Patience) -> Work:
    function = python_part(migration, direction)
    if function is None:
        raise BadMigration(
            f"{migration.path} has no function {direction}",
            f"write: def {direction}(connection): …",
        )
    options = python_options(migration)
    if options.batches is not None:
        raise BadMigration(
            f"{migration.path}: `batches:` cuts statements of SQL, and this is Python",
            "write the statement into a file of SQL",
        )
    whole = not options.no_transaction
    called = (ScriptStatement(f"{direction}()", first_line(function)),)
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
    statements: tuple[ScriptStatement, ...], path: str, *, whole: bool
) -> tuple[ScriptStatement, ...]:
    """Without a BEGIN before and a COMMIT behind all: the file is one transaction as it is."""
    ends = [(one, kind) for one in statements if (kind := _transaction_kind(one))]
    if not ends:
        return statements
    if not whole:
        raise BadMigration(
            f"{path}, line {ends[0][0].line}: with no-transaction each statement is a transaction "
            "of its own, and BEGIN and COMMIT do nothing",
            "leave them out; what belongs together goes into a file of its own, or a DO block",
        )
    kinds = [kind for _, kind in ends]
    around = (statements[0], statements[-1]) == (ends[0][0], ends[-1][0])
    if around and len(statements) > 1 and kinds in WRAPPINGS:
        return statements[1:-1]
    raise BadMigration(
        f"{path}, line {ends[0][0].line}: a file is one transaction, and has no BEGIN or COMMIT "
        "within",
        "leave them out, or say `-- no-transaction` at its head",
    )


def _require_readers(statements: tuple[ScriptStatement, ...], path: str) -> None:
    for one in statements:
        if one.data is None and _first_word(one) == "copy" and _is_copy_to_client(one):
            raise BadMigration(
                f"{path}, line {one.line}: COPY TO stdout has nobody who reads it", "leave it out"
            )


def _transaction_kind(statement: ScriptStatement) -> str:
    """Such as TRANS_STMT_BEGIN; empty for what begins or ends no transaction."""
    if _first_word(statement) not in TRANSACTION_WORDS:
        return ""  # parsing each INSERT of a large file would take longer than running it
    try:
        (parsed,) = parse(statement.text).statements
    except (SyntaxProblem, ValueError):
        return ""  # the server says what is wrong with it
    return str(parsed.node["kind"]) if parsed.kind == "TransactionStmt" else ""


def _is_copy_to_client(statement: ScriptStatement) -> bool:
    try:
        (parsed,) = parse(statement.text).statements
    except (SyntaxProblem, ValueError):
        return False
    node = parsed.node
    return parsed.kind == "CopyStmt" and not node.get("is_from") and not node.get("filename")


def _first_word(statement: ScriptStatement) -> str:
    first = next(significant(statement.text), None)
    return "" if first is None else first.lower

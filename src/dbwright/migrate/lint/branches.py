"""What a DO block would do in a branch that the throw-away server did not take.

It has the schema and no rows: a loop over rows runs never, and a question about them has the answer
of an empty table. So what stands in a branch, and left no trace, was not examined: that is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.statement import (
    ROW_CHANGES,
    brief,
    dropped_from,
    qualified,
    target,
)
from dbwright.model.effects import Effects
from dbwright.model.finding import LockMode
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement
from dbwright.model.migration import ScriptStatement
from dbwright.model.report import Skipped
from dbwright.sql.parse import parse_alone
from dbwright.sql.plpgsql_branches import statements_in_branches

__all__ = ["not_taken"]

READING = frozenset((LockMode.ACCESS_SHARE, LockMode.ROW_SHARE))
CHANGING_ROWS = READING | {LockMode.ROW_EXCLUSIVE}
"""What changes a schema takes a stronger lock."""
MAKES = ("CreateStmt", "CreateTableAsStmt")
"""Kinds whose `relation` is what they make."""
SHOWN = 3


def not_taken(run: JudgedRun) -> Iterator[Skipped]:
    """Of each block what was not examined."""
    for file in run.migrations:
        for step in file.steps:
            if step.kind != "DoStmt" or step.effects.refusal is not None:
                continue
            hidden = [one for one in _in_branches(step) if not _is_seen(one, step, file)]
            if not hidden:
                continue
            words = "; ".join(brief(one) for one in hidden[:SHOWN])
            more = f" and {len(hidden) - SHOWN} more" if len(hidden) > SHOWN else ""
            yield Skipped(
                file.migration.path,
                f"line {step.statement.line}: a block does in a branch, a loop or a handler what "
                f"the throw-away server, which has no rows, did not come to: {words}{more}",
                "lint these statements in a file of their own, or write them without the block",
            )


def _in_branches(step: JudgedStatement) -> tuple[str, ...]:
    options = {one["DefElem"]["defname"]: one["DefElem"]["arg"] for one in step.node["args"]}
    language = options.get("language", {}).get("String", {}).get("sval", "plpgsql")
    body = options.get("as", {}).get("String", {}).get("sval", "")
    return statements_in_branches(body) if language.lower() == "plpgsql" else ()


def _is_seen(text: str, block: JudgedStatement, file: JudgedMigration) -> bool:
    """Did the block leave the trace of this statement, or is it about nothing that others use?"""
    effects = block.effects
    parsed = parse_alone(text)
    if parsed is None or parsed.kind == "ExecuteStmt":
        # EXECUTE of a text, or with INTO: what was changed may be of it.
        return bool(effects.created or effects.dropped or effects.locks)
    step = JudgedStatement(
        ScriptStatement(text, block.statement.line),
        parsed.kind,
        parsed.node,
        Effects(text),
        session=block.session,
        new=block.new,
    )
    there = [name for name in _about(step, file) if not file.is_new(name, step)]
    weak = READING if parsed.kind in ROW_CHANGES else CHANGING_ROWS
    return all(_locks(name, block, file) - weak for name in there)


def _about(step: JudgedStatement, file: JudgedMigration) -> tuple[str, ...]:
    """The relations that it changes, and that were there before the file."""
    names = set(dropped_from(step, file))
    relations = [one["RangeVar"] for one in step.node.get("relations", ()) if "RangeVar" in one]
    if step.kind in ("TruncateStmt", "LockStmt"):
        names |= {qualified(step, file, relation) for relation in relations}
    elif (about := target(step, file)) is not None and step.kind not in MAKES:
        names.add(about)
    return tuple(sorted(name for name in names if _was_there(name, file)))


def _was_there(name: str, file: JudgedMigration) -> bool:
    views = (view.qualified for view in file.before.materialized_views)
    return file.before.find_table(name) is not None or name in views


def _locks(name: str, block: JudgedStatement, file: JudgedMigration) -> frozenset[LockMode]:
    """Those that the block took, or found held by the statements before it."""
    until = [step for step in file.steps if step.transaction == block.transaction]
    until = until[: until.index(block) + 1]
    modes = (step.effects.lock_on(name) for step in until)
    return frozenset(mode for mode in modes if mode is not None)

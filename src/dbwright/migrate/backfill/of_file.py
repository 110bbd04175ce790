"""Which statements of a file run in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbwright.errors import BadMigration
from dbwright.model.batches import BatchOptions
from dbwright.model.migration import MigrationScript, ScriptStatement
from dbwright.sql.ranges import NotInRanges, RangedStatement, ranged

__all__ = ["in_batches", "require_some"]


def in_batches(
    statements: Sequence[ScriptStatement], options: BatchOptions | None, path: str
) -> Mapping[int, RangedStatement]:
    """Those that change rows of the option's table, or insert what they read of it, by their place.

    All others run as they are. Raises BadMigration for one that can't be cut.
    """
    if options is None:
        return {}
    found: dict[int, RangedStatement] = {}
    for number, statement in enumerate(statements):
        if statement.data is not None:
            continue
        try:
            cut = ranged(statement.text, options.table)
        except NotInRanges as reason:
            raise BadMigration(
                f"{path}, line {statement.line}: it can't run in batches, for it {reason}",
                "mend that, or move it to a file without `-- batches:`, where it runs as a whole",
            ) from None
        if cut is not None:
            found[number] = cut
    return found


def require_some(script: MigrationScript, path: str) -> None:
    """Raises BadMigration where the option names a table that no statement is about: a name that
    was written wrongly would let them run as a whole."""
    options = script.options.batches
    if options is not None and not any(
        in_batches(part, options, path) for part in (script.up, script.down or ())
    ):
        raise BadMigration(
            f"{path}: no UPDATE, DELETE or INSERT … SELECT is about {options.name}, the table of "
            "its option `batches:`",
            "name the table as the statements do, or leave the option out",
        )

"""A constraint is added to a table with rows."""

from __future__ import annotations

from dbwright.migrate.plan.keys import keyed
from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.phrases import checked, not_null, referenced
from dbwright.migrate.plan.situation import Situation, constraint_names
from dbwright.model.catalog import Key, Table

__all__ = ["FORM", "constraints_of"]

NO_ONLINE_FORM = (
    "an EXCLUDE constraint has no form that is built beside running work: add it when few write, "
    "or to a new table that is filled and swapped in"
)


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_AddConstraint", "AT_AddIndexConstraint")
    if command is None or (altered := situation.altered()) is None:
        return None
    constraint = command.get("def", {}).get("Constraint", {})
    table, later = altered
    if "indexname" in constraint:
        return _using_index(situation, table, later)
    if constraint.get("skip_validation"):
        return None
    return constraints_of(situation, table, later)


def constraints_of(situation: Situation, table: Table, later: Table) -> Sequence | None:
    """The safe way of the constraints that `later` has and `table` has not."""
    known = set(constraint_names(table))
    moves: list[Move] = []
    left: list[str] = []
    differs: list[str] = []
    for fact in later.not_nulls:
        if fact.name not in known and not later_has_primary(later, fact.column, known):
            moves += not_null(situation, table, fact.column, fact.name)
    for check in later.checks:
        if check.name not in known and check.enforced and situation.scans(table):
            moves += checked(table, check)
    for key in later.keys:
        if key.name not in known:
            moves += key_moves(situation, table, later, key)
    for reference in later.foreign_keys:
        if reference.name not in known and reference.enforced:
            own = referenced(situation, table, reference)
            if len(own) > 2 and "index" in own[0].words:
                differs.append(
                    f"an index on {table.qualified} ({', '.join(reference.columns)}) is added, "
                    "which the foreign key needs and the file does not make"
                )
            moves += own
    for exclusion in later.exclusions:
        if exclusion.name not in known:
            left.append(f"{later.qualified}: {NO_ONLINE_FORM}")
    if left:
        moves.append(passed(situation))
    return Sequence(tuple(moves), tuple(differs), tuple(left)) if moves else None


def later_has_primary(later: Table, column: str, known: set[str]) -> bool:
    """Does NOT NULL come with a primary key that is new itself?"""
    key = later.primary_key
    return key is not None and key.name not in known and column in key.columns


def key_moves(situation: Situation, table: Table, later: Table, key: Key) -> list[Move]:
    """A new primary key or unique constraint, with NOT NULL of the key's columns before."""
    index = next(index for index in later.indexes if index.name == key.index)
    primary = key is later.primary_key
    moves: list[Move] = []
    if primary:
        moves += _nullable(situation, table, later, key.columns)
    return moves + keyed(situation, table, key, index, primary=primary)


def _nullable(
    situation: Situation, table: Table, later: Table, columns: tuple[str, ...]
) -> list[Move]:
    names = {fact.column: fact.name for fact in later.not_nulls}
    there = {column.name: column.not_null for column in table.columns}
    moves: list[Move] = []
    for column in columns:
        if not there.get(column, False):
            moves += not_null(situation, table, column, names.get(column))
    return moves


def _using_index(situation: Situation, table: Table, later: Table) -> Sequence | None:
    """Harmless, but for a primary key over columns that may be NULL: those are read."""
    key = later.primary_key
    if not situation.scans(table) or key is None or table.primary_key is not None:
        return None
    moves = _nullable(situation, table, later, key.columns)
    last = Move(
        "The constraint takes the index that is there.",
        (situation.statement.text,),
        (),
        table=table.qualified,
        words=f"primary key {key.name}",
        verbatim=True,
    )
    return Sequence((*moves, last))


FORM = Form("a constraint is added", _plan)

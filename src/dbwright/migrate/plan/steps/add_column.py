"""A column is added with a value that each row has to be written for, or with a constraint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.migrate.plan.adding import Adding
from dbwright.migrate.plan.batchable import unfillable
from dbwright.migrate.plan.columns import (
    add_column,
    drop_column,
    new_sequence,
    owned,
    sequence_options,
)
from dbwright.migrate.plan.expressions import value_is
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.phrases import checked, not_null
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.triggers import kept_by_trigger
from dbwright.model.catalog import PUBLIC, Check, Column, Table, Type
from dbwright.model.catalog import Sequence as NumberSequence
from dbwright.model.names import literal, qualify, quote

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_AddColumn")
    if command is None or (altered := situation.altered()) is None:
        return None
    table, later = altered
    name = command["def"]["ColumnDef"]["colname"]
    if any(column.name == name for column in table.columns):
        return None  # IF NOT EXISTS
    adding = Adding(situation, table, later, later.column(name))
    if not _hurts(adding):
        return None
    _column(adding)
    adding.constrain()
    filled = any(move.manner is Manner.ROWS for move in adding.moves)
    if filled and (why := unfillable(table)):
        told = f"the rows of {table.qualified} can't get their value in batches: {why}"
        return Sequence((passed(situation),), left=(told,))
    return Sequence(tuple(adding.moves), tuple(adding.differs), tuple(adding.left))


def _hurts(adding: Adding) -> bool:
    """Does it write or read rows, lock another table, or need a value that no row has?"""
    situation, table, column = adding.situation, adding.table, adding.column
    constrained = len(adding.later.foreign_keys) > len(table.foreign_keys)
    heavy = situation.rewrites(table) or situation.scans(table) or situation.builds(table)
    return heavy or constrained or _lacks_value(column)


def _lacks_value(column: Column) -> bool:
    """NOT NULL, and nothing that fills it: only an empty table takes that."""
    return (
        column.not_null
        and column.default is None
        and column.identity is None
        and column.generated is None
    )


def _column(adding: Adding) -> None:
    situation, column = adding.situation, adding.column
    sequence = situation.after.sequence_of(adding.later, column)
    domain = _domain(situation, column)
    rewrites = situation.rewrites(adding.table)
    if column.identity and sequence is not None:
        _identity(adding, sequence)
    elif column.generated == "stored":
        _generated(adding)
    elif sequence is not None:
        _serial(adding, sequence)
    elif rewrites and domain is not None and (domain.checks or domain.not_null):
        _constrained_domain(adding, domain)
    elif rewrites and column.default is not None:
        _volatile(adding)
    elif _lacks_value(column):
        _without_value(adding)
    else:
        adding.add(
            [add_column(adding.name, column)], "The column alone: no row is written or read."
        )


def _volatile(adding: Adding) -> None:
    bare = add_column(adding.name, adding.column, bare=True)
    default = _set_default(adding, adding.column.default or "NULL")
    adding.add(
        [bare, default],
        "The column without a value for the rows that are there; new rows get theirs.",
    )
    adding.fill()
    adding.require()


def _without_value(adding: Adding) -> None:
    adding.add([add_column(adding.name, adding.column, bare=True)], "The column, empty at first.")
    moves = len(adding.moves)
    adding.require()
    deploy = f"the application that writes {adding.place} in each INSERT"
    if len(adding.moves) > moves:
        adding.moves[moves] = replace(adding.moves[moves], deploy=deploy)
    adding.left.append(
        f"{adding.place} is NOT NULL without a DEFAULT: what rows that are there get is yours to "
        "say; fill them in batches before it is validated, or give the column a DEFAULT"
    )


def _serial(adding: Adding, sequence: NumberSequence) -> None:
    place = qualify(sequence.schema, sequence.name)
    adding.add(
        [
            add_column(adding.name, adding.column, bare=True),
            new_sequence(sequence),
            *_owned(adding, place),
            _set_default(adding, adding.column.default or f"nextval({literal(place)})"),
        ],
        "The column without numbers for the rows that are there; new rows get theirs.",
    )
    adding.fill()
    adding.require()


def _identity(adding: Adding, sequence: NumberSequence) -> None:
    """Numbers come from a sequence that helps until the column is filled."""
    situation, column = adding.situation, adding.column
    helper = situation.free_relation(sequence.schema, f"{sequence.name}_filling")
    place = qualify(sequence.schema, helper)
    own = qualify(sequence.schema, sequence.name)
    default = _set_default(adding, f"nextval({literal(place)})")
    goes_along = _owned(adding, place)
    adding.add(
        [
            add_column(adding.name, column, bare=True),
            new_sequence(sequence, helper),
            *goes_along,
            *_usable(adding.table, place),
            default,
        ],
        "The column without numbers for the rows that are there; new rows get theirs.",
    )
    adding.fill()
    adding.require()
    altered = f"ALTER TABLE {adding.name} ALTER COLUMN {quote(column.name)}"
    options = f"SEQUENCE NAME {own} {sequence_options(sequence)}"
    adding.moves.append(
        Move(
            "The identity takes over where the numbers stand.",
            (
                f"{altered} DROP DEFAULT",
                f"{altered} ADD GENERATED {(column.identity or '').upper()} AS IDENTITY "
                f"({options})",
                f"SELECT setval({literal(own)}, last_value, is_called) FROM {place}",
                f"DROP SEQUENCE {place}",
            ),
            (
                new_sequence(sequence, helper),
                f"SELECT setval({literal(place)}, last_value, is_called) FROM {own}",
                f"{altered} DROP IDENTITY",
                *goes_along,
                *_usable(adding.table, place),
                default,
            ),
            table=adding.name,
            words=f"identity {adding.words}",
        )
    )


def _owned(adding: Adding, sequence: str) -> list[str]:
    theirs = adding.situation.owner_of(adding.table) is not None
    return owned(adding.name, adding.column.name, sequence, theirs=theirs)


def _usable(table: Table, sequence: str) -> Iterator[str]:
    """Whoever inserts rows takes numbers; an identity asks nobody for that right."""
    grants = [*table.grants, *(grant for column in table.columns for grant in column.grants)]
    names = [one.grantee for one in grants if "INSERT" in one.privileges]
    for name in dict.fromkeys(names):
        if name != table.owner:
            yield f"GRANT USAGE ON SEQUENCE {sequence} TO {name if name == PUBLIC else quote(name)}"


def _generated(adding: Adding) -> None:
    """No plain column becomes a generated one without its table being written anew."""
    column = adding.column
    kept = kept_by_trigger(adding.situation, adding.table, column)
    bare = add_column(adding.name, column, bare=True)
    drop = drop_column(adding.name, column.name)
    adding.add([bare, *kept.up], "A plain column, which a trigger computes.", [*kept.down, drop])
    adding.fill(column.default or "NULL")
    adding.require()
    adding.differs.append(
        f"{adding.place} is a plain column that the trigger {kept.name} computes: GENERATED … "
        "STORED can't be had without writing the whole table anew"
        + ("; VIRTUAL can" if adding.situation.major >= 18 else "")
    )


def _constrained_domain(adding: Adding, domain: Type) -> None:
    """Of its base type, with the domain's checks on the table: the domain itself is checked row by
    row, under a lock."""
    column = replace(adding.column, type=domain.base_type or adding.column.base_type, domain=None)
    default = column.default if column.default is not None else domain.default
    up = [add_column(adding.name, column, bare=True)]
    if default is not None:
        up.append(_set_default(adding, default))
    adding.add(up, "The column has the domain's base type.")
    if default is not None:
        adding.fill()
    _domain_checks(adding, domain)
    if column.not_null or domain.not_null:
        adding.moves += not_null(adding.situation, adding.table, column.name)
    adding.differs.append(
        f"{adding.place} has the type {column.type} and the checks of {domain.qualified} rather "
        "than that domain, which would be checked for each row while all others wait"
    )


def _domain_checks(adding: Adding, domain: Type) -> None:

    for check in domain.checks:
        expression = value_is(check.expression or "", adding.column.name)
        if expression is None:
            adding.left.append(f"the check {check.name} of {domain.qualified} can't be written out")
            continue
        name = adding.situation.free_constraint(adding.table, adding.column.name, "check")
        adding.moves += checked(adding.table, Check(name, expression))


def _set_default(adding: Adding, default: str) -> str:
    named = quote(adding.column.name)
    return f"ALTER TABLE {adding.name} ALTER COLUMN {named} SET DEFAULT {default}"


def _domain(situation: Situation, column: Column) -> Type | None:
    if column.domain is None:
        return None
    return next((one for one in situation.after.types if one.qualified == column.domain), None)


FORM = Form("a column is added", _plan)

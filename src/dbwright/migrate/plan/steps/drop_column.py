"""A column is dropped that an application may know."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.passed import way_back
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Column, Table
from dbwright.model.names import quote
from dbwright.sql.ddl import foreign_key_definition

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_DropColumn")
    relation = situation.node.get("relation")
    if command is None or relation is None or (table := situation.named(relation)) is None:
        return None
    column = next((one for one in table.columns if one.name == command["name"]), None)
    if column is None or not situation.is_used(table):
        return None
    first = [*_without_keys(table, column), *_not_required(table, column)]
    down, lost = way_back(situation)
    if first:
        down = tuple(text for text in down if text not in _again(first))
    place = f"{table.qualified}.{quote(column.name)}"
    others = [one for one in situation.known_that_go if one != f"column {place}"]
    known = ", ".join((place, *others))
    last = Move(
        "Nobody knows the column any more.",
        (situation.statement.text,),
        _back(table, column, first, down),
        table=table.qualified,
        words=f"drop {table.name} {column.name}",
        deploy=f"the application that neither reads nor writes {known}",
        lost=lost,
        verbatim=True,
    )
    return Sequence((*first, last))


def _without_keys(table: Table, column: Column) -> list[Move]:
    """Its foreign keys alone, each in a transaction of its own: dropping one locks both tables."""
    return [
        Move(
            "The foreign key goes by itself, since that locks the other table too.",
            (drop_constraint(table.qualified, key.name),),
            (add_constraint(table.qualified, key.name, foreign_key_definition(key)),),
            table=f"{table.qualified} and {key.references}",
            words=f"drop foreign key {key.name}",
        )
        for key in table.foreign_keys
        if column.name in key.columns
    ]


def _not_required(table: Table, column: Column) -> list[Move]:
    """An application that does not know it leaves it out of its INSERTs."""
    fills_itself = column.default is not None or column.identity or column.generated
    key = table.primary_key
    if not column.not_null or fills_itself or (key is not None and column.name in key.columns):
        return []
    altered = f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(column.name)}"
    named = next((one.name for one in table.not_nulls if one.column == column.name), None)
    back = f"{altered} SET NOT NULL"
    if named is not None:
        back = add_constraint(table.qualified, named, f"NOT NULL {quote(column.name)}")
    return [
        Move(
            "Rows without it are taken, so that the next application need not know it.",
            (f"{altered} DROP NOT NULL",),
            (back,),
            table=table.qualified,
            words=f"not required {table.name} {column.name}",
        )
    ]


def _again(moves: list[Move]) -> set[str]:
    return {text for move in moves for text in move.down}


def _back(
    table: Table, column: Column, first: list[Move], down: tuple[str, ...]
) -> tuple[str, ...]:
    """What the moves before bring again themselves is left to them."""
    keys = [key.name for key in table.foreign_keys if column.name in key.columns]
    kept = [
        text
        for text in down
        if not any(f"ADD CONSTRAINT {quote(name)} FOREIGN" in text for name in keys)
    ]
    if any(move.words.startswith("not required") for move in first):
        altered = f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(column.name)}"
        kept.append(f"{altered} DROP NOT NULL")
    return tuple(kept)


FORM = Form("a column is dropped", _plan)

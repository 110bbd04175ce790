"""The type of a column changes, and the server writes, builds or reads the table with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbwright.migrate.plan.columns import add_column, attributes, drop_column
from dbwright.migrate.plan.in_place import around_indexes, by_time_zone
from dbwright.migrate.plan.move import Form, Manner, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.published import published
from dbwright.migrate.plan.shadow.exchange import Exchange
from dbwright.migrate.plan.shadow.sides import Side, Unmovable, unmovable
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.time_zone import depends_on_zone, unknown_zone
from dbwright.migrate.plan.triggers import (
    around,
    body_of,
    function_name,
    function_text,
    made,
    value_of,
)
from dbwright.model.catalog import Table
from dbwright.model.names import quote
from dbwright.sql.scope.canonical import canonical_expression

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    command = situation.command("AT_AlterColumnType")
    if command is None or (altered := situation.altered()) is None:
        return None
    table, later = altered
    if all(column.name != command["name"] for column in table.columns):
        return None  # the file itself has made it
    before, after = table.column(command["name"]), later.column(command["name"])
    if _using(command) is None and (told := unknown_zone(situation, before, after)):
        return Sequence((passed(situation),), left=(told,))
    heavy = situation.rewrites(table) or situation.scans(table) or situation.builds(table)
    if not heavy and not situation.effects.validated:
        return None
    here, there = Side(situation.before, table, before), Side(situation.after, later, after)
    using = _using(command)
    if (zoned := by_time_zone(situation, here, command)) is not None:
        return zoned
    if not situation.rewrites(table) and not situation.effects.validated:
        light = around_indexes(situation, here, there)
        if light is not None:
            return light
    if why := unmovable(situation, here) or unmovable(situation, there):
        return _as_it_is(situation, table, why)
    try:
        return _shadow(situation, here, there, using)
    except Unmovable as problem:
        return _as_it_is(situation, table, str(problem))


def _as_it_is(situation: Situation, table: Table, why: str) -> Sequence:
    move = replace(passed(situation), table=table.qualified, words=f"type {table.name}")
    told = f"{table.qualified} is written anew while all others wait: {why}"
    return Sequence((move,), left=(told,))


def _using(command: Mapping[str, Any]) -> str | None:
    """The expression behind USING; None where there is none, or one that says no more than the
    column's own name."""
    expression = command["def"]["ColumnDef"].get("raw_default")
    if expression is None:
        return None
    fields = expression.get("ColumnRef", {}).get("fields", ())
    if fields and fields[-1].get("String", {}).get("sval") == command["name"]:
        return None
    return canonical_expression(expression)


def _shadow(situation: Situation, here: Side, there: Side, using: str | None) -> Sequence:
    """A second column, kept in step and filled, that takes the place of the first one."""
    table, name = here.table, here.column.name
    new = situation.free_column(table, name, "_new")
    old = situation.free_column(table, name, "_old")
    function = function_name(situation, table, name)
    settings = _settings(situation, here, there, using)
    forth = _body(table, new, name, using, lenient=False)
    back = _body(table, old, name, None, lenient=True)
    there_and_back = (
        Exchange(
            situation, here, there, new, old, function_text(table, function, back, settings), "new"
        ),
        Exchange(
            situation, there, here, old, new, function_text(table, function, forth, settings), "old"
        ),
    )
    kept = made(table, function, forth, settings)
    kept_old = made(table, function, back, settings)
    words = f"{table.name} {name}"
    place = f"{table.qualified}.{quote(name)}"
    moves = (
        Move(
            f"A second column for {place}, which a trigger keeps in step. A value that the new "
            "type does not take is refused from now on.",
            (
                add_column(table.qualified, there.column, name=new, bare=True),
                *attributes(table, there.column, new, there.column.storage),
                *kept.up,
            ),
            (*kept.down, drop_column(table.qualified, new)),
            table=table.qualified,
            words=f"second {words}",
        ),
        Move(
            "Rows that were there get their value in the second column, some at a time.",
            (
                *(f"SET {one} = {value_of(one, text)}" for one, text in settings.items()),
                _fill(table, new, name, using),
            ),
            (),
            Manner.ROWS,
            table.qualified,
            f"fill {words}",
        ),
        Move(
            "All that hangs on the column is made for the second one, while others work; then the "
            "two change places, in a moment. The first one is kept in step from then on.",
            there_and_back[0].statements(),
            there_and_back[1].statements(),
            Manner.ALONE,
            table.qualified,
            f"exchange {words}",
        ),
        Move(
            "Nothing to do here but on the way back, where the first column is filled again.",
            (_refill(table, old, name),),
            (_refill(table, old, name),),
            Manner.ROWS,
            table.qualified,
            f"way back {words}",
        ),
        Move(
            "The first column goes, and what kept it in step. From here on the way back fills it "
            "anew.",
            (*kept.down, drop_column(table.qualified, old)),
            (
                add_column(table.qualified, here.column, name=old, bare=True),
                *attributes(table, here.column, old, here.column.storage),
                *kept_old.up,
            ),
            table=table.qualified,
            words=f"drop old {words}",
            lost=f"values of {place} that its new type does not give back" if using else "",
        ),
    )
    differs = (f"{place} is the table's last column now: name the columns in INSERT and SELECT",)
    left = published(situation, table, f"{place} has a second column beside it meanwhile")
    return Sequence(moves, differs, left)


def _settings(
    situation: Situation, here: Side, there: Side, using: str | None
) -> Mapping[str, str]:
    """On which the new value depends: those of the file's session hold, not those of whoever
    writes a row."""
    session = situation.statement.session
    names = ["search_path", "TimeZone"] if using is not None else []
    if not names and depends_on_zone(here.column, there.column):
        names = ["TimeZone"]
    return {name: session[name] for name in names if name in session}


def _body(table: Table, to: str, source: str, using: str | None, *, lenient: bool) -> str:
    """What keeps one column in step. Without USING the value is assigned, as ALTER TYPE does it:
    what is too long is refused, not cut off."""
    if using is not None:
        return body_of(to, using, alias=table.name, lenient=lenient)
    place = f"NEW.{quote(to)}"
    return around(f"{place} := NEW.{quote(source)};", place, lenient=lenient)


def _fill(table: Table, new: str, name: str, using: str | None) -> str:
    value = quote(name) if using is None else using
    there = f" AND {quote(name)} IS NOT NULL" if using is None else ""
    return f"UPDATE {table.qualified} SET {quote(new)} = {value} WHERE {quote(new)} IS NULL{there}"


def _refill(table: Table, old: str, name: str) -> str:
    """The trigger puts the value in, whatever is said here."""
    return (
        f"UPDATE {table.qualified} SET {quote(old)} = NULL "
        f"WHERE {quote(old)} IS NULL AND {quote(name)} IS NOT NULL"
    )


FORM = Form("the type of a column changes", _plan)

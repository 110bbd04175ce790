"""What stands in the way of a change of type, taken away before it and made again after it.

The server refuses to change the type of a column that a view, a trigger, a policy or the
body of a function names. The file gets the statements that make room; `gathered` then puts them
into the moment in which the columns change places, so that nothing of it is away for longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbwright.diff.plan import plan as difference
from dbwright.diff.step import Step
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Catalog, Column, MaterializedView, Table, View
from dbwright.model.finding import ObjectRef
from dbwright.model.migration import ReadMigration
from dbwright.model.names import enclosing, quote

__all__ = ["Room", "room_for"]

MADE_AGAIN = frozenset(("view", "materialized view", "trigger", "policy", "function", "procedure"))
"""Kinds of which nothing is lost: the catalog has all that they say. (A rule of the table itself
would take part in the filling.)"""
DEPENDED_ON = "0A000"
"""Of the refusal: a type can't change for what depends on the column."""
OTHER = ("text", "bytea")
"""A column that gets another type has the same in its way, whichever type that is."""


@dataclass(frozen=True, slots=True)
class Room:
    """A file with the statements that make room."""

    parts: tuple[ReadMigration, ...]
    minds: tuple[str, ...]
    """What goes and comes again, in a sentence."""
    left: tuple[str, ...] = ()
    """What is not as before then."""


def room_for(parts: Sequence[ReadMigration], situations: Sequence[Situation]) -> Room | None:
    """The same file with room for its changes of type that are refused for want of it; None where
    there is none such, or what stands in the way can't be made again."""
    every: list[ReadMigration] = []
    names: list[str] = []
    left: list[str] = []
    for part, situation in zip(parts, situations, strict=True):
        gone, again = _steps(situation)
        every += [*(_with(part, step.sql) for step in gone), part]
        every += [_with(part, step.sql) for step in again]
        names += [str(step.object) for step in gone]
        left += _owned(situation, gone) if gone else []
    if not names:
        return None
    told = (
        f"as it is the server refuses the file for {', '.join(dict.fromkeys(names))}: what stands "
        "in the way of a change of type goes here, and is made again, in one moment"
    )
    return Room(tuple(every), (told,), tuple(dict.fromkeys(left)))


def _steps(situation: Situation) -> tuple[list[Step], list[Step]]:
    """What makes room, and what puts all back; none where nothing is in the way, or nothing that
    could be made again."""
    command = situation.command("AT_AlterColumnType")
    refusal = situation.effects.refusal
    if command is None or refusal is None or refusal.sqlstate != DEPENDED_ON:
        return [], []
    table = situation.named(situation.node["relation"])
    if table is None or all(column.name != command["name"] for column in table.columns):
        return [], []
    column = table.column_ref(command["name"])
    changed = _retyped(situation.before, table, command)
    steps = difference(situation.before, changed, owners=False).steps
    place = next((n for n, step in enumerate(steps) if step.object == column), len(steps))
    gone = [step for step in steps[:place] if step.object.kind in MADE_AGAIN]
    going = {step.object for step in gone}
    names = {ref.name for ref in going}
    again = [
        step
        for step in steps[place:]
        if step.object in going
        or not names.isdisjoint(enclosing(step.object.name))
        or _is_of_view(situation.before, step.object, names)
    ]
    return gone, again


def _is_of_view(catalog: Catalog, ref: ObjectRef, names: set[str]) -> bool:
    """Is it an index of one of these materialized views?"""
    return ref.kind == "index" and any(
        index.qualified == ref.name
        for view in catalog.materialized_views
        if view.qualified in names
        for index in view.indexes
    )


def _retyped(catalog: Catalog, table: Table, command: Mapping[str, Any]) -> Catalog:
    """The catalog as if the column had another type, in the table and all below it."""
    names = _below(catalog, table)

    def other(column: Column) -> Column:
        if column.name != command["name"]:
            return column
        return replace(column, type=next(one for one in OTHER if one != column.type))

    tables = (
        replace(one, columns=tuple(map(other, one.columns))) if one.qualified in names else one
        for one in catalog.tables
    )
    return replace(catalog, tables=tuple(tables))


def _below(catalog: Catalog, table: Table) -> set[str]:
    found = {table.qualified}
    for child in catalog.children(table):
        found |= _below(catalog, child)
    return found


def _with(part: ReadMigration, text: str) -> ReadMigration:
    *settings, statement = part.script.up
    script = replace(part.script, up=(*settings, replace(statement, text=text)))
    return replace(part, script=script)


def _owned(situation: Situation, gone: Sequence[Step]) -> list[str]:
    """Whoever runs the file owns what is made again. On the target it may have been another one."""
    start = situation.run.start
    table = situation.named(situation.node["relation"])
    owner = None if table is None else situation.owner_of(table)
    if start is None or owner is None:
        return []
    relations: list[View | MaterializedView] = [*start.views, *start.materialized_views]
    owners = {one.ref: one.owner for one in relations}
    owners |= {one.ref: one.owner for one in start.functions}
    return [
        f"{step.object} belongs to {quote(owners[step.object])}, and is made again by whoever runs "
        "the file: add a statement that gives it back to its owner, for it reads with that one's "
        "rights"
        for step in gone
        if owners.get(step.object, owner) not in ("", owner)
    ]

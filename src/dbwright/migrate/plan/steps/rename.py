"""A table or a column gets another name, and the application that runs knows the old one."""

from __future__ import annotations

from dbwright.migrate.plan.known import all_names
from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.published import published
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.views import stand_in, why_not
from dbwright.model.catalog import Table
from dbwright.model.names import qualify, quote

__all__ = ["FORM"]

MOST = 3
"""Partitions that a sentence names."""


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "RenameStmt" or "relation" not in node:
        return None
    kind = node.get("renameType")
    table = situation.named(node["relation"])
    if table is None or not situation.is_used(table):
        return None
    column = node["subname"] if kind == "OBJECT_COLUMN" else None
    if situation.is_there_at_end(table, column) or _takes_a_place(situation, table):
        return None  # the file has something in its place, or puts it into another one's
    if kind == "OBJECT_TABLE":
        return _table(situation, table, node["newname"])
    if kind == "OBJECT_COLUMN":
        return _column(situation, table, node["subname"], node["newname"])
    return None


def _takes_a_place(situation: Situation, table: Table) -> bool:
    """Was something else known by the new name when the file began?"""
    new = situation.node["newname"]
    start = all_names(situation.run.migrations[0].before)
    if situation.node.get("renameType") == "OBJECT_TABLE":
        return qualify(table.schema, new) in start
    return f"{table.qualified}.{quote(new)}" in start


def _table(situation: Situation, table: Table, name: str) -> Sequence:
    if why := why_not(situation, table):
        return _as_it_is(situation, why)
    base = qualify(table.schema, name)
    first = Move(
        f"The table has its new name. Whoever knows the old one finds a view there, through which "
        f"rows of {base} are read and written; COPY … FROM and TRUNCATE take tables alone.",
        (
            f"ALTER TABLE {table.qualified} RENAME TO {quote(name)}",
            *stand_in(situation, table, base, "*"),
        ),
        (
            f"DROP VIEW {table.qualified}",
            f"ALTER TABLE {base} RENAME TO {quote(table.name)}",
        ),
        table=table.qualified,
        words=f"rename {table.name} to {name}",
    )
    last = Move(
        "Nobody knows the old name any more.",
        (f"DROP VIEW {table.qualified}",),
        tuple(stand_in(situation, table, base, "*")),
        table=table.qualified,
        words=f"drop the old name {table.name}",
        deploy=f"the application that knows {base}",
    )
    return Sequence((first, last), left=published(situation, table, f"is {base} from now on"))


def _column(situation: Situation, table: Table, old: str, new: str) -> Sequence:
    if why := why_not(situation, table) or _handed_down(situation, table):
        return _as_it_is(situation, why)
    hidden = situation.free_relation(table.schema, f"{table.name}_table")
    base = qualify(table.schema, hidden)
    columns = ", ".join(
        quote(new if column.name == old else column.name) for column in table.columns
    )
    both = f"{columns}, {quote(new)} AS {quote(old)}"
    renamed = f"ALTER TABLE {table.qualified} RENAME COLUMN {quote(old)} TO {quote(new)}"
    away = f"ALTER TABLE {table.qualified} RENAME TO {quote(hidden)}"
    again = f"ALTER TABLE {base} RENAME TO {quote(table.name)}"
    view = stand_in(situation, table, base, both, {old: new})
    drop = f"DROP VIEW {table.qualified}"
    first = Move(
        f"A view has the table's name, and the column by both of its names; rows are read and "
        f"written through it. One statement can set it by one name only; COPY … FROM and TRUNCATE "
        f"take tables alone. The table is called {base} meanwhile.",
        (renamed, away, *view),
        (drop, again, f"ALTER TABLE {table.qualified} RENAME COLUMN {quote(new)} TO {quote(old)}"),
        table=table.qualified,
        words=f"rename {table.name} {old} to {new}",
    )
    last = Move(
        "Nobody knows the old name any more: the table has its own again.",
        (drop, again),
        (away, *view),
        table=table.qualified,
        words=f"drop the old name {table.name} {old}",
        deploy=f"the application that knows {table.qualified}.{quote(new)}",
    )
    left = published(situation, table, f"{quote(old)} is {quote(new)} from now on")
    return Sequence((first, last), left=left, minds=_by_themselves(situation, table, old, new))


def _by_themselves(situation: Situation, table: Table, old: str, new: str) -> tuple[str, ...]:
    """Partitions have the new name alone: a view in the place of one would be no partition."""
    names = _partitions(situation, table)
    if not names:
        return ()
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (
        f"the view has the table's name alone: who names a partition by itself "
        f"({', '.join(names[:MOST])}{more}) finds {quote(new)} there at once, and no {quote(old)}",
    )


def _partitions(situation: Situation, table: Table) -> list[str]:
    """All below it, qualified."""
    found: list[str] = []
    for child in situation.before.children(table):
        found += [child.qualified, *_partitions(situation, child)]
    return found


def _handed_down(situation: Situation, table: Table) -> str:
    """Heirs are named by themselves; partitions hardly ever are."""
    heirs = [one for one in situation.before.children(table) if not one.is_partition]
    if not heirs:
        return ""
    return f"{', '.join(one.qualified for one in heirs)} has the column from {table.qualified}"


def _as_it_is(situation: Situation, why: str) -> Sequence:
    told = f"the application that runs knows the old name, and no view can stand for it: {why}"
    return Sequence((passed(situation),), left=(told,))


FORM = Form("a table or a column is renamed", _plan)

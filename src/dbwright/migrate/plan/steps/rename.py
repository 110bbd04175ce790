"""A table or a column gets another name, and the application that runs knows the old one."""

from __future__ import annotations

from dbwright.migrate.plan.move import Form, Move, Sequence
from dbwright.migrate.plan.situation import Situation
from dbwright.migrate.plan.views import stand_in, why_not
from dbwright.model.catalog import Table
from dbwright.model.names import qualify, quote

__all__ = ["FORM"]


def _plan(situation: Situation) -> Sequence | None:
    node = situation.node
    if situation.kind != "RenameStmt" or "relation" not in node:
        return None
    kind = node.get("renameType")
    table = situation.named(node["relation"])
    if table is None or not situation.is_used(table):
        return None
    if kind == "OBJECT_TABLE":
        return _table(situation, table, node["newname"])
    if kind == "OBJECT_COLUMN":
        return _column(situation, table, node["subname"], node["newname"])
    return None


def _table(situation: Situation, table: Table, name: str) -> Sequence:
    if why := why_not(situation, table):
        return _as_it_is(situation, table, why)
    base = qualify(table.schema, name)
    first = Move(
        f"The table has its new name. Whoever knows the old one finds a view there, through which "
        f"rows of {base} are read and written.",
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
    return Sequence((first, last))


def _column(situation: Situation, table: Table, old: str, new: str) -> Sequence:
    if why := why_not(situation, table):
        return _as_it_is(situation, table, why)
    hidden = situation.free_relation(table.schema, f"{table.name}_table")
    base = qualify(table.schema, hidden)
    columns = ", ".join(
        quote(new if column.name == old else column.name) for column in table.columns
    )
    both = f"{columns}, {quote(new)} AS {quote(old)}"
    renamed = f"ALTER TABLE {table.qualified} RENAME COLUMN {quote(old)} TO {quote(new)}"
    away = f"ALTER TABLE {table.qualified} RENAME TO {quote(hidden)}"
    again = f"ALTER TABLE {base} RENAME TO {quote(table.name)}"
    view = stand_in(situation, table, base, both)
    drop = f"DROP VIEW {table.qualified}"
    first = Move(
        f"A view has the table's name, and the column by both of its names; rows are read and "
        f"written through it. One statement can set it by one name only. The table is called "
        f"{base} meanwhile.",
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
    return Sequence((first, last))


def _as_it_is(situation: Situation, table: Table, why: str) -> Sequence:
    move = Move("As it is.", (situation.statement.text,), table=table.qualified, verbatim=True)
    told = f"the application that runs knows the old name, and no view can stand for it: {why}"
    return Sequence((move,), left=(told,))


FORM = Form("a table or a column is renamed", _plan)

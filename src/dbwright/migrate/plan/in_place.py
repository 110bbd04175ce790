"""Changes of type that leave the rows as they are, with indexes and checks around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dbwright.migrate.plan.move import Manner, Move, Sequence
from dbwright.migrate.plan.phrases import add_constraint, drop_constraint
from dbwright.migrate.plan.shadow.sides import Side
from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Column, Index, Table
from dbwright.model.names import quote
from dbwright.sql.ddl import check_definition, index_definition

__all__ = ["around_indexes", "by_time_zone"]


def by_time_zone(situation: Situation, here: Side, command: Mapping[str, Any]) -> Sequence | None:
    """`USING c AT TIME ZONE 'UTC'` is what the server does by itself, and without a rewrite, where
    the session's TimeZone is UTC."""
    expression = command["def"]["ColumnDef"].get("raw_default", {})
    call = expression.get("FuncCall", {})
    name = [part["String"]["sval"] for part in call.get("funcname", ())]
    if not name or name[-1] != "timezone" or len(call.get("args", ())) != 2:
        return None
    zone = call["args"][0].get("A_Const", {}).get("sval", {}).get("sval", "")
    column = call["args"][1].get("ColumnRef", {}).get("fields", [{}])[-1]
    if zone.upper() != "UTC" or column.get("String", {}).get("sval") != here.column.name:
        return None
    if any(here.touches(index) for index in here.table.indexes) or here.checks:
        return None  # those would be built or read anew
    altered = f"ALTER TABLE {here.table.qualified} ALTER COLUMN {quote(here.column.name)} TYPE"
    later = situation.after.table(here.table.qualified).column(here.column.name)
    move = Move(
        "In a session whose TimeZone is UTC the rows stay as they are.",
        ("SET LOCAL TimeZone = 'UTC'", f"{altered} {later.type}"),
        ("SET LOCAL TimeZone = 'UTC'", f"{altered} {here.column.type}"),
        table=here.table.qualified,
        words=f"type {here.table.name} {here.column.name}",
    )
    return Sequence((move,))


def around_indexes(situation: Situation, here: Side, there: Side) -> Sequence | None:
    """The rows stay; indexes are built and checks are read anew. They are taken away before, and
    come again beside running work. None where a key is among them, which rows rely on."""
    rebuilt = {one.index.name for one in situation.effects.built}
    touched = [i for i in here.table.indexes if here.touches(i) and i.qualified in rebuilt]
    if any(index.unique for index in touched):
        return None
    table, name = here.table, here.table.qualified
    altered = f"ALTER TABLE {name} ALTER COLUMN {quote(here.column.name)} TYPE"
    checks = [check for check in here.checks if check.validated]
    up = [drop_constraint(name, check.name) for check in checks]
    later = {check.name: check for check in there.checks}
    unproven = [replace(later[check.name], validated=False) for check in checks]
    change = Move(
        "The type alone: the rows stay as they are.",
        (
            *up,
            f"{altered} {there.column.type}{_collated(there.column)}",
            *(add_constraint(name, check.name, check_definition(check)) for check in unproven),
        ),
        (
            *up,
            f"{altered} {here.column.type}{_collated(here.column)}",
            *(add_constraint(name, check.name, check_definition(check)) for check in checks),
        ),
        table=name,
        words=f"type {table.name} {here.column.name}",
    )
    validated = [
        Move(
            "Rows that are there are read now, while others read and write.",
            (f"ALTER TABLE {name} VALIDATE CONSTRAINT {quote(check.name)}",),
            (),
            Manner.LONG,
            name,
            f"validate {check.name}",
        )
        for check in checks
    ]
    dropped = [_dropped(index, table) for index in touched]
    new = {index.name: index for index in there.table.indexes}
    again = [_again(new[index.name], table) for index in touched]
    return Sequence((*dropped, change, *validated, *again))


def _collated(column: Column) -> str:
    return f" COLLATE {column.collation}" if column.collation else ""


def _dropped(index: Index, table: Table) -> Move:
    return Move(
        "This index would be built anew under the lock. Until it is there again, queries do "
        "without it.",
        (f"DROP INDEX CONCURRENTLY {index.qualified}",),
        (index_definition(index, table.qualified, concurrently=True),),
        Manner.ALONE,
        table.qualified,
        f"drop index {index.name}",
    )


def _again(index: Index, table: Table) -> Move:
    return Move(
        "The index is built again while others read and write.",
        (index_definition(index, table.qualified, concurrently=True),),
        (f"DROP INDEX CONCURRENTLY {index.qualified}",),
        Manner.ALONE,
        table.qualified,
        f"index {index.name}",
    )

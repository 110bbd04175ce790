"""Statements that stand in the application's way, and of which no form knows a safe way: told."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dbwright.migrate.plan.move import Sequence
from dbwright.migrate.plan.passed import passed
from dbwright.migrate.plan.situation import Situation, stored
from dbwright.migrate.plan.steps.whole_rows import reaches_all_rows
from dbwright.model.effects import TableLock
from dbwright.model.finding import LockMode
from dbwright.model.names import literal, quote

__all__ = ["kept_out", "unsafe"]

KINDS = ("type", "domain")
RENAMES = frozenset(("RenameStmt", "AlterObjectSchemaStmt"))


def unsafe(situation: Situation) -> Sequence | None:
    """The statement as it is, and why it is not safe; None where nothing is known against it."""
    told = tuple(_told(situation))
    return Sequence((passed(situation),), left=told) if told else None


def kept_out(situation: Situation, large: Collection[str]) -> str:
    """From which of these tables others are kept while rows are read or written; empty for none."""
    effects = situation.effects
    read = {one.name for one in (*effects.rewritten, *effects.scanned)}
    read |= {build.table.name for build in effects.built}
    held = {one.object.name for one in effects.locks if _blocks(one)}
    both = held.intersection(large)
    return ", ".join(sorted(both)) if both and not read.isdisjoint(large) else ""


def _told(situation: Situation) -> Iterator[str]:
    what = f"`{situation.short}`"
    busy = {one.qualified for one in stored(situation.before) if situation.is_busy(one)}
    if names := kept_out(situation, busy):
        yield (
            f"{what} keeps others from {names} while rows are read or written, and no other form "
            "of it is known: run it when few work, or on a copy that takes the place"
        )
    for name in sorted(_changed(situation) & busy):
        yield (
            f"{what} changes rows of {name} in one transaction, for which others wait until its "
            "end, and can't be cut into batches as it is: put what it reads elsewhere into a table "
            "of its own, and change the rows by their key"
        )
    if situation.kind == "AlterEnumStmt" and "oldVal" in situation.node:
        yield f"{what}: the application that runs knows the value {_value(situation)} by that name"
    elif situation.kind == "RenameStmt" and (names := _typed(situation)):
        yield (
            f"{what}: until they have another type, {names} refuse an application that names the "
            "type (in a cast, or for a parameter): make the new type under a name of its own, "
            "change the columns, then rename both types"
        )
    elif situation.kind in RENAMES and (known := situation.known_that_go):
        yield (
            f"the application that runs knows {', '.join(known)} by that name, and nothing stands "
            f"for it after {what}: make the new one beside it, and drop the old one later"
        )


def _changed(situation: Situation) -> set[str]:
    """Tables of which all rows are read to change some, or all are changed."""
    return {
        lock.object.name
        for lock in situation.effects.locks
        if lock.mode is LockMode.ROW_EXCLUSIVE and reaches_all_rows(situation, lock.object.name)
    }


def _typed(situation: Situation) -> str:
    """Columns of the types that lose their name, which something else gets at once."""
    gone = {one.name for one in situation.known_meanwhile if one.kind in KINDS}
    gone -= {one.removeprefix(f"{kind} ") for one in situation.known_that_go for kind in KINDS}
    found = [
        f"{table.qualified}.{quote(column.name)}"
        for table in situation.before.tables
        for column in table.columns
        if situation.is_busy(table) and column.type.removesuffix("[]") in gone
    ]
    return ", ".join(found)


def _value(situation: Situation) -> str:
    return literal(situation.node["oldVal"])


def _blocks(lock: TableLock) -> bool:
    """Nobody writes to a materialized view."""
    if lock.object.kind == "materialized view":
        return lock.mode.blocks_reads
    return lock.mode.blocks_writes

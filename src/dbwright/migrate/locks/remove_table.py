"""TRUNCATE and DROP TABLE."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    EXCLUSIVELY,
    NOTHING,
    REFERENCED,
    REFERENCING,
    TABLE,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]


FACTS = (
    LockFact(
        id="truncate",
        form="TRUNCATE …",
        examples=("TRUNCATE items", "TRUNCATE items RESTART IDENTITY"),
        locks=EXCLUSIVELY,
        empties=only(TABLE),
        why="The table gets a new, empty file: all rows are gone.",
        safe="DELETE in batches where readers must not wait, or rows be kept for older snapshots.",
    ),
    LockFact(
        id="truncate-cascade",
        form="TRUNCATE … CASCADE, of a table that is referenced",
        examples=("TRUNCATE products CASCADE",),
        locks={TABLE: AX, REFERENCING: AX},
        empties=only(TABLE, REFERENCING),
        why="Every table that references it loses all of its rows too.",
        safe="Name each table that shall be emptied, and leave CASCADE out.",
    ),
    LockFact(
        id="truncate-referenced",
        form="TRUNCATE …, of a table that is referenced",
        examples=("TRUNCATE products",),
        locks=NOTHING,
        refused="0A000",
        why="Rows that reference it would be left over.",
        safe="Name the referencing tables with it.",
    ),
    LockFact(
        id="drop-table",
        form="DROP TABLE …",
        examples=("DROP TABLE items", "DROP TABLE IF EXISTS animals CASCADE"),
        locks=EXCLUSIVELY,
        why="The table is gone with its rows.",
        safe="After no version of the application uses it; rename it first for some days.",
    ),
    LockFact(
        id="drop-table-with-foreign-key",
        form="DROP TABLE …, of a table with foreign keys",
        examples=("DROP TABLE orders",),
        locks={TABLE: AX, REFERENCED: AX},
        why="The triggers of its foreign keys are dropped on the referenced tables too.",
        safe="DROP CONSTRAINT of each foreign key in a transaction of its own first.",
    ),
    LockFact(
        id="drop-table-cascade",
        form="DROP TABLE … CASCADE, of a table that is referenced",
        examples=("DROP TABLE products CASCADE",),
        locks={TABLE: AX, REFERENCING: AX},
        why="The foreign keys that reference it go with it, on each of the tables.",
        safe="DROP CONSTRAINT of each foreign key in a transaction of its own first.",
    ),
)

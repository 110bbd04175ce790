"""ALTER TABLE … ADD COLUMN … with constraints."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    EXCLUSIVELY,
    NOTHING,
    REFERENCED,
    SRX,
    TABLE,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_LATER = "Add the column without it, and the constraint as NOT VALID, then VALIDATE it separately."

FACTS = (
    LockFact(
        id="add-column-free-domain",
        form="ALTER TABLE … ADD COLUMN … domain without constraints",
        examples=(
            "ALTER TABLE items ADD extra label",
            "ALTER TABLE items ADD extra label DEFAULT 'a'",
        ),
        locks=EXCLUSIVELY,
        why="A domain without constraints is treated as its base type.",
    ),
    LockFact(
        id="add-column-constrained-domain",
        form="ALTER TABLE … ADD COLUMN … domain with CHECK",
        examples=(
            "ALTER TABLE items ADD extra positive",
            "ALTER TABLE items ADD extra positive DEFAULT 1",
            "ALTER TABLE items ADD extra hopeful",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="The domain's constraints are checked row by row, by writing all rows anew.",
        safe="Use the base type, and a CHECK on the table: NOT VALID first, then VALIDATE it.",
    ),
    LockFact(
        id="add-column-not-null-domain",
        form="ALTER TABLE … ADD COLUMN … domain with NOT NULL",
        examples=(
            "ALTER TABLE items ADD extra present DEFAULT 1",
            "ALTER TABLE items ADD extra present",
        ),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        why="The domain's constraints are checked row by row, by writing all rows anew.",
        safe="Use the base type with a constant default and NOT NULL on the column itself.",
    ),
    LockFact(
        id="add-column-not-null-with-rows",
        form="ALTER TABLE … ADD COLUMN … NOT NULL, of a table that has rows",
        examples=("ALTER TABLE filled ADD extra integer NOT NULL",),
        locks=NOTHING,
        refused="23502",
        why="The rows that are there would have null in it.",
        safe=(
            "Give a constant default, or add it as nullable, fill it in batches, then NOT NULL by "
            "way of a validated CHECK."
        ),
    ),
    LockFact(
        id="add-column-not-null-without-rows",
        form="ALTER TABLE … ADD COLUMN … NOT NULL, of an empty table",
        examples=("ALTER TABLE items ADD extra integer NOT NULL",),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="The table is read to see that it has no rows.",
        safe="As it is, where the table is empty; with rows it fails.",
    ),
    LockFact(
        id="add-column-check",
        form="ALTER TABLE … ADD COLUMN … CHECK (…)",
        examples=(
            "ALTER TABLE items ADD extra integer CHECK (extra > 0)",
            "ALTER TABLE items ADD extra integer DEFAULT 1 CHECK (extra > 0)",
            "ALTER TABLE items ADD extra integer, ADD CHECK (extra > 0)",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="All rows are checked while nobody can read the table, though all have the same value.",
        safe=_LATER,
    ),
    LockFact(
        id="add-column-references",
        form="ALTER TABLE … ADD COLUMN … REFERENCES …",
        examples=(
            "ALTER TABLE orders ADD extra integer REFERENCES customers",
            "ALTER TABLE orders ADD extra integer REFERENCES customers ON DELETE CASCADE",
        ),
        locks={TABLE: AX, REFERENCED: SRX},
        why="The column is null in all rows, so none is checked; triggers are made on both tables.",
        safe="As it is: both tables are locked, so keep the transaction to this one statement.",
    ),
    LockFact(
        id="add-column-references-default",
        form="ALTER TABLE … ADD COLUMN … DEFAULT … REFERENCES …",
        examples=("ALTER TABLE orders ADD extra integer DEFAULT 1 REFERENCES customers",),
        locks={TABLE: AX, REFERENCED: SRX},
        scans=only(TABLE),
        why="All rows are looked up in the referenced table while nobody can read this one.",
        safe="Add the column first, then the foreign key as NOT VALID, then VALIDATE it.",
    ),
    LockFact(
        id="add-column-unique",
        form="ALTER TABLE … ADD COLUMN … UNIQUE, or … PRIMARY KEY",
        examples=(
            "ALTER TABLE items ADD extra integer UNIQUE",
            "ALTER TABLE items ADD extra integer, ADD UNIQUE (extra)",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        builds=only(TABLE),
        why="The index is built while nobody can read the table.",
        safe="Add the column, CREATE UNIQUE INDEX CONCURRENTLY, then ADD UNIQUE USING INDEX.",
    ),
)

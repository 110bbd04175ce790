"""ALTER TABLE … DROP COLUMN, and … ALTER COLUMN but for its type."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    EXCLUSIVELY,
    NOTHING,
    REFERENCED,
    SEQUENCE,
    SRX,
    SUX,
    TABLE,
    VIEW,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_CHECK_FIRST = (
    "ADD CONSTRAINT … CHECK (c IS NOT NULL) NOT VALID, VALIDATE it in another transaction, SET "
    "NOT NULL (which it proves), then drop it."
)

FACTS = (
    LockFact(
        id="drop-column",
        form="ALTER TABLE … DROP COLUMN …",
        examples=(
            "ALTER TABLE items DROP amount",
            "ALTER TABLE items DROP COLUMN tiny, DROP COLUMN big",
            "ALTER TABLE items DROP COLUMN IF EXISTS nowhere",
        ),
        locks=EXCLUSIVELY,
        why="The column is only marked as gone; indexes and constraints on it go with it.",
        safe="After no version of the application uses it any more. CASCADE takes views with it.",
    ),
    LockFact(
        id="drop-column-with-foreign-key",
        form="ALTER TABLE … DROP COLUMN …, of a column with a foreign key",
        examples=("ALTER TABLE orders DROP customer_id",),
        locks={TABLE: AX, REFERENCED: AX},
        why="The triggers of the foreign key on the referenced table go with it.",
        safe="DROP CONSTRAINT of the foreign key in a transaction of its own first.",
    ),
    LockFact(
        id="drop-column-cascade",
        form="ALTER TABLE … DROP COLUMN … CASCADE, of a column that a view uses",
        examples=("ALTER TABLE things DROP viewed CASCADE",),
        locks={TABLE: AX, VIEW: AX},
        why="The view is dropped with the column, and what uses the view.",
        safe="Replace the views first, in the same transaction, and leave CASCADE out.",
    ),
    LockFact(
        id="drop-column-with-view",
        form="ALTER TABLE … DROP COLUMN …, of a column that a view uses",
        examples=(
            "ALTER TABLE things DROP viewed",
            "ALTER TABLE things DROP COLUMN guarded",
            "ALTER TABLE things DROP COLUMN watched",
        ),
        locks=NOTHING,
        refused="2BP01",
        why="A view, policy or trigger depends on the column.",
        safe="Replace what depends on it first, in the same transaction.",
    ),
    LockFact(
        id="set-default",
        form="ALTER TABLE … ALTER COLUMN … SET DEFAULT, or DROP DEFAULT",
        examples=(
            "ALTER TABLE items ALTER amount SET DEFAULT 1",
            "ALTER TABLE items ALTER amount SET DEFAULT random()",
            "ALTER TABLE items ALTER amount DROP DEFAULT",
        ),
        locks=EXCLUSIVELY,
        why="It holds for rows that are inserted from now on.",
    ),
    LockFact(
        id="set-not-null",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, which no constraint proves",
        examples=("ALTER TABLE things ALTER maybe SET NOT NULL",),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="All rows are checked while nobody can read the table.",
        safe=f"{_CHECK_FIRST} From 18 on: ADD CONSTRAINT … NOT NULL c NOT VALID, then VALIDATE it.",
    ),
    LockFact(
        id="set-not-null-proven",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, with a valid CHECK (c IS NOT NULL)",
        examples=("ALTER TABLE things ALTER proven SET NOT NULL",),
        locks=EXCLUSIVELY,
        why="The CHECK proves that there is no null, so no row is read.",
    ),
    LockFact(
        id="set-not-null-hoped",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, with a CHECK that is NOT VALID",
        examples=("ALTER TABLE things ALTER hoped SET NOT NULL",),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="A CHECK that is not validated proves nothing of the rows that are there.",
        safe="VALIDATE CONSTRAINT first, in a transaction of its own.",
    ),
    LockFact(
        id="set-not-null-again",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, of a column that is; or DROP NOT NULL",
        examples=(
            "ALTER TABLE things ALTER known SET NOT NULL",
            "ALTER TABLE things ALTER known DROP NOT NULL",
            "ALTER TABLE things ALTER maybe DROP NOT NULL",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes, if anything.",
    ),
    LockFact(
        id="add-not-null-not-valid",
        form="ALTER TABLE … ADD CONSTRAINT … NOT NULL … NOT VALID",
        examples=("ALTER TABLE things ADD CONSTRAINT there NOT NULL maybe NOT VALID",),
        locks=EXCLUSIVELY,
        since=18,
        why="It holds for rows written from now on; those that are there are not read.",
    ),
    LockFact(
        id="validate-not-null",
        form="ALTER TABLE … VALIDATE CONSTRAINT …, of a NOT NULL constraint",
        examples=("ALTER TABLE animals VALIDATE CONSTRAINT animals_there",),
        locks={TABLE: SUX},
        scans=only(TABLE),
        since=18,
        why="All rows are read, while others read and write.",
    ),
    LockFact(
        id="add-not-null",
        form="ALTER TABLE … ADD CONSTRAINT … NOT NULL …",
        examples=(
            "ALTER TABLE things ADD CONSTRAINT there NOT NULL maybe",
            "ALTER TABLE things ADD NOT NULL maybe",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        since=18,
        why="All rows are checked while nobody can read the table.",
        safe="ADD it NOT VALID, then VALIDATE CONSTRAINT in another transaction.",
    ),
    LockFact(
        id="set-column-statistics",
        form="ALTER TABLE … ALTER COLUMN … SET STATISTICS, or SET (n_distinct = …)",
        examples=(
            "ALTER TABLE items ALTER amount SET STATISTICS 500",
            "ALTER TABLE items ALTER amount SET (n_distinct = -0.5)",
            "ALTER TABLE items ALTER amount RESET (n_distinct)",
        ),
        locks={TABLE: SUX},
        why="Only ANALYZE looks at it.",
    ),
    LockFact(
        id="set-storage",
        form="ALTER TABLE … ALTER COLUMN … SET STORAGE",
        examples=(
            "ALTER TABLE items ALTER name SET STORAGE EXTERNAL",
            "ALTER TABLE items ALTER docb SET STORAGE MAIN",
        ),
        locks=EXCLUSIVELY,
        why="It holds for values written from now on; those that are there stay as they are.",
    ),
    LockFact(
        id="set-compression",
        form="ALTER TABLE … ALTER COLUMN … SET COMPRESSION",
        examples=("ALTER TABLE items ALTER name SET COMPRESSION pglz",),
        locks=EXCLUSIVELY,
        since=14,
        why="It holds for values written from now on; those that are there stay as they are.",
    ),
    LockFact(
        id="add-identity",
        form="ALTER TABLE … ALTER COLUMN … ADD GENERATED … AS IDENTITY",
        examples=(
            "ALTER TABLE things ALTER known ADD GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE things ALTER known ADD GENERATED BY DEFAULT AS IDENTITY (START 100)",
        ),
        locks=EXCLUSIVELY,
        why="A sequence is made; rows that are there keep their values, which it does not know.",
        safe="START WITH a value above the largest that the column has.",
    ),
    LockFact(
        id="add-identity-nullable",
        form="ALTER TABLE … ALTER COLUMN … ADD GENERATED … AS IDENTITY, of a nullable column",
        examples=("ALTER TABLE things ALTER maybe ADD GENERATED ALWAYS AS IDENTITY",),
        locks=NOTHING,
        refused="55000",
        why="An identity column must be NOT NULL before.",
        safe=f"Make it NOT NULL first: {_CHECK_FIRST}",
    ),
    LockFact(
        id="alter-identity",
        form="ALTER TABLE … ALTER COLUMN … SET GENERATED …, or RESTART",
        examples=(
            "ALTER TABLE things ALTER counted RESTART WITH 1000",
            "ALTER TABLE things ALTER counted SET INCREMENT 2",
        ),
        locks={TABLE: AX, SEQUENCE: SRX},
        why="The sequence of the column is altered: nextval of it waits, and so do all readers.",
    ),
    LockFact(
        id="set-generated",
        form="ALTER TABLE … ALTER COLUMN … SET GENERATED ALWAYS, or BY DEFAULT",
        examples=(
            "ALTER TABLE things ALTER counted SET GENERATED ALWAYS",
            "ALTER TABLE things ALTER counted SET GENERATED BY DEFAULT",
        ),
        locks={TABLE: AX, SEQUENCE: SRX},
        why="Only the catalog changes; clients that give values of their own fail with ALWAYS.",
    ),
    LockFact(
        id="drop-identity",
        form="ALTER TABLE … ALTER COLUMN … DROP IDENTITY",
        examples=("ALTER TABLE things ALTER counted DROP IDENTITY",),
        locks={TABLE: AX, SEQUENCE: AX},
        why="The column's sequence is dropped: inserts without a value then have null.",
        safe="Give the column another default in the same transaction.",
    ),
    LockFact(
        id="drop-expression",
        form="ALTER TABLE … ALTER COLUMN … DROP EXPRESSION",
        examples=("ALTER TABLE things ALTER doubled DROP EXPRESSION",),
        locks=EXCLUSIVELY,
        since=13,
        why="The stored values stay; the column is a plain one from now on.",
    ),
    LockFact(
        id="set-expression",
        form="ALTER TABLE … ALTER COLUMN … SET EXPRESSION AS (…), of a stored column",
        examples=("ALTER TABLE things ALTER doubled SET EXPRESSION AS (base * 3)",),
        locks=EXCLUSIVELY,
        rewrites=only(TABLE),
        since=17,
        why="All stored values are computed and written anew.",
        safe="A new column that a trigger keeps, filled in batches, then swap the names.",
    ),
)

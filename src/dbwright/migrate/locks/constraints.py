"""CHECK, UNIQUE, PRIMARY KEY, EXCLUDE, and what changes constraints."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    EXCLUSIVELY,
    NOTHING,
    PARENT,
    PARTITION,
    SUX,
    TABLE,
    S,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_TWO_STEPS = "ADD it NOT VALID, then VALIDATE CONSTRAINT in another transaction."
_FROM_INDEX = (
    "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX, which takes a moment."
)
_PARTITION_BY_PARTITION = (
    "ADD UNIQUE to the parent alone (ALTER TABLE ONLY), on each partition a unique index built "
    "concurrently and ADD UNIQUE USING INDEX, then ALTER INDEX … ATTACH PARTITION."
)

FACTS = (
    LockFact(
        id="add-check",
        form="ALTER TABLE … ADD CHECK (…)",
        examples=(
            "ALTER TABLE items ADD CHECK (amount > 0)",
            "ALTER TABLE items ADD CONSTRAINT short CHECK (length(name) < 100)",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="All rows are checked while nobody can read the table.",
        safe=_TWO_STEPS,
    ),
    LockFact(
        id="add-check-not-valid",
        form="ALTER TABLE … ADD CHECK (…) NOT VALID",
        examples=(
            "ALTER TABLE items ADD CHECK (amount > 0) NOT VALID",
            "ALTER TABLE items ADD CONSTRAINT there CHECK (amount IS NOT NULL) NOT VALID",
        ),
        locks=EXCLUSIVELY,
        why="It holds for rows written from now on; those that are there are not read.",
    ),
    LockFact(
        id="validate-check",
        form="ALTER TABLE … VALIDATE CONSTRAINT …, of a CHECK",
        examples=("ALTER TABLE things VALIDATE CONSTRAINT things_hoped",),
        locks={TABLE: SUX},
        scans=only(TABLE),
        why="All rows are read, while others read and write.",
    ),
    LockFact(
        id="validate-check-at-once",
        form="… VALIDATE CONSTRAINT … in the transaction that added it as NOT VALID",
        examples=("ALTER TABLE items VALIDATE CONSTRAINT lately",),
        locks=NOTHING,
        scans=only(TABLE),
        after=("ALTER TABLE items ADD CONSTRAINT lately CHECK (amount > 0) NOT VALID",),
        why="It takes no more than is held: but ACCESS EXCLUSIVE of before is held to the end.",
        safe="Commit between the two.",
    ),
    LockFact(
        id="add-check-not-enforced",
        form="ALTER TABLE … ADD CHECK (…) NOT ENFORCED",
        examples=("ALTER TABLE items ADD CHECK (amount > 0) NOT ENFORCED",),
        locks=EXCLUSIVELY,
        since=18,
        why="Nothing is checked, neither now nor later.",
    ),
    LockFact(
        id="add-check-to-partitions",
        form="ALTER TABLE … ADD CHECK (…), of a partitioned table",
        examples=("ALTER TABLE events ADD CHECK (id > 0)",),
        locks={PARENT: AX, PARTITION: AX},
        scans=only(PARTITION),
        why="All partitions are read, all of them locked until the last one is done.",
        safe=_TWO_STEPS,
    ),
    LockFact(
        id="add-check-to-partitions-not-valid",
        form="ALTER TABLE … ADD CHECK (…) NOT VALID, of a partitioned table",
        examples=("ALTER TABLE events ADD CHECK (id > 0) NOT VALID",),
        locks={PARENT: AX, PARTITION: AX},
        why="It holds for rows written from now on; those that are there are not read.",
    ),
    LockFact(
        id="add-check-to-parent-only",
        form="ALTER TABLE ONLY … ADD CHECK (…), of a partitioned table",
        examples=(
            "ALTER TABLE ONLY events ADD CHECK (id > 0)",
            "ALTER TABLE ONLY events ADD CHECK (id > 0) NOT VALID",
        ),
        locks=NOTHING,
        refused="42P16",
        why="A partition must have all constraints of its parent.",
        safe=_TWO_STEPS,
    ),
    LockFact(
        id="add-unique",
        form="ALTER TABLE … ADD UNIQUE (…)",
        examples=(
            "ALTER TABLE items ADD UNIQUE (amount)",
            "ALTER TABLE items ADD CONSTRAINT one UNIQUE (code, amount)",
            "ALTER TABLE items ADD UNIQUE (amount) DEFERRABLE",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        builds=only(TABLE),
        why="The index is built while nobody can read the table.",
        safe=_FROM_INDEX,
    ),
    LockFact(
        id="add-unique-to-partitions",
        form="ALTER TABLE … ADD UNIQUE (…), of a partitioned table",
        examples=("ALTER TABLE events ADD UNIQUE (id, at)",),
        locks={PARENT: AX, PARTITION: AX},
        scans=only(PARTITION),
        builds=only(PARTITION),
        since=18,
        why="The indexes of all partitions are built, all locked until the last one is done.",
        safe=_PARTITION_BY_PARTITION,
    ),
    LockFact(
        id="add-unique-to-partitions-before-18",
        form="ALTER TABLE … ADD UNIQUE (…), of a partitioned table",
        examples=("ALTER TABLE events ADD UNIQUE (id, at)",),
        locks={PARENT: AX, PARTITION: S},
        scans=only(PARTITION),
        builds=only(PARTITION),
        before=18,
        why="The indexes of all partitions are built, all locked until the last one is done.",
        safe=_PARTITION_BY_PARTITION,
    ),
    LockFact(
        id="add-unique-to-parent-only",
        form="ALTER TABLE ONLY … ADD UNIQUE (…), of a partitioned table",
        examples=("ALTER TABLE ONLY events ADD UNIQUE (id, at)",),
        locks={PARENT: AX},
        why="The constraint is invalid until an index of each partition is attached.",
    ),
    LockFact(
        id="add-primary-key",
        form="ALTER TABLE … ADD PRIMARY KEY (…)",
        examples=(
            "ALTER TABLE things ADD PRIMARY KEY (known)",
            "ALTER TABLE typed ADD PRIMARY KEY (id)",
        ),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        builds=only(TABLE),
        why="The index is built, and nulls are looked for, while nobody can read the table.",
        safe=f"{_FROM_INDEX} Its columns made NOT NULL before, by way of a validated CHECK.",
    ),
    LockFact(
        id="add-primary-key-hoped",
        form="ALTER TABLE … ADD PRIMARY KEY (…), a NOT NULL of its columns NOT VALID",
        examples=("ALTER TABLE animals ADD PRIMARY KEY (id)",),
        locks=NOTHING,
        refused="55000",
        since=18,
        why="A NOT NULL that is not validated proves nothing of the rows that are there.",
        safe="VALIDATE CONSTRAINT of the NOT NULL first.",
    ),
    LockFact(
        id="add-exclude",
        form="ALTER TABLE … ADD EXCLUDE USING … (…)",
        examples=("ALTER TABLE things ADD EXCLUDE USING gist (during WITH &&)",),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        builds=only(TABLE),
        why="The index is built while nobody can read the table.",
        safe="There is no way without the lock: in a maintenance window, or on a new table.",
    ),
    LockFact(
        id="add-unique-using-index",
        form="ALTER TABLE … ADD UNIQUE USING INDEX …",
        examples=(
            "ALTER TABLE items ADD UNIQUE USING INDEX items_name",
            "ALTER TABLE items ADD CONSTRAINT one_name UNIQUE USING INDEX items_name",
        ),
        locks=EXCLUSIVELY,
        why="The index that is there becomes the constraint's, under the constraint's name.",
    ),
    LockFact(
        id="add-primary-key-using-index",
        form="ALTER TABLE … ADD PRIMARY KEY USING INDEX …, its columns NOT NULL",
        examples=("ALTER TABLE things ADD PRIMARY KEY USING INDEX things_id",),
        locks=EXCLUSIVELY,
        why="The index that is there becomes the constraint's.",
    ),
    LockFact(
        id="add-primary-key-using-index-nullable",
        form="ALTER TABLE … ADD PRIMARY KEY USING INDEX …, a column of it nullable",
        examples=("ALTER TABLE things ADD PRIMARY KEY USING INDEX things_maybe",),
        locks=EXCLUSIVELY,
        scans=only(TABLE),
        why="Its columns become NOT NULL: all rows are checked while nobody can read the table.",
        safe="Make the columns NOT NULL first, by way of a validated CHECK.",
    ),
    LockFact(
        id="drop-constraint",
        form="ALTER TABLE … DROP CONSTRAINT …, but a foreign key's",
        examples=(
            "ALTER TABLE things DROP CONSTRAINT things_checked",
            "ALTER TABLE items DROP CONSTRAINT items_pkey",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes; the index of a key goes with it.",
    ),
    LockFact(
        id="rename-constraint",
        form="ALTER TABLE … RENAME CONSTRAINT … TO …",
        examples=(
            "ALTER TABLE things RENAME CONSTRAINT things_checked TO other",
            "ALTER TABLE items RENAME CONSTRAINT items_pkey TO other",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes.",
    ),
)

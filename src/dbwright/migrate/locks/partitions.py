"""Partitioned tables and their partitions."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AS,
    AX,
    DEFAULT_PARTITION,
    NOTHING,
    PARENT,
    PARTITION,
    REFERENCED,
    SRX,
    SUX,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_2030 = "FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')"
_2026 = "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
_ATTACH = (
    "CREATE TABLE … (LIKE … INCLUDING ALL), the parent's foreign keys and a CHECK that says the "
    "bounds on it, then ATTACH PARTITION."
)

FACTS = (
    LockFact(
        id="create-partition",
        form="CREATE TABLE … PARTITION OF …",
        examples=(f"CREATE TABLE fresh PARTITION OF events {_2030}",),
        locks={PARENT: AX},
        why="Nothing is read, but nobody may use the partitioned table meanwhile.",
        safe=_ATTACH,
    ),
    LockFact(
        id="create-partition-beside-default",
        form="CREATE TABLE … PARTITION OF …, of a table with a default partition",
        examples=(f"CREATE TABLE fresh PARTITION OF logs {_2030}",),
        locks={PARENT: AX, DEFAULT_PARTITION: AX},
        scans=only(DEFAULT_PARTITION),
        why="The default partition is read for rows that belong in the new one.",
        safe=f"A CHECK on the default partition that leaves the new bounds out. {_ATTACH}",
    ),
    LockFact(
        id="attach-partition",
        form="ALTER TABLE … ATTACH PARTITION …, which no CHECK proves",
        examples=(
            "ALTER TABLE events ATTACH PARTITION events_2025 "
            "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        ),
        locks={PARENT: SUX, PARTITION: AX},
        scans=only(PARTITION),
        builds=only(PARTITION),
        why="Rows of the new partition are checked, and indexes that the parent has are built.",
        safe="A valid CHECK that says the bounds, and the parent's indexes on it, before.",
    ),
    LockFact(
        id="attach-partition-proven",
        form="ALTER TABLE … ATTACH PARTITION …, with a valid CHECK of the bounds and all indexes",
        examples=(f"ALTER TABLE events ATTACH PARTITION events_2026 {_2026}",),
        locks={PARENT: SUX, PARTITION: AX},
        why="The CHECK proves that all rows belong there; indexes that are there are attached.",
    ),
    LockFact(
        id="attach-partition-with-foreign-key",
        form="ALTER TABLE … ATTACH PARTITION …, without a foreign key that the parent has",
        examples=(f"ALTER TABLE visits ATTACH PARTITION visits_2026 {_2026}",),
        locks={PARENT: SUX, PARTITION: AX, REFERENCED: SRX},
        scans=only(PARTITION),
        why="The foreign key is made for the partition, and all of its rows are looked up.",
        safe="The same foreign key on the new table before: NOT VALID, then VALIDATE.",
    ),
    LockFact(
        id="attach-partition-beside-default",
        form="ALTER TABLE … ATTACH PARTITION …, of a table with a default partition",
        examples=(f"ALTER TABLE logs ATTACH PARTITION logs_2026 {_2026}",),
        locks={PARENT: SUX, PARTITION: AX, DEFAULT_PARTITION: AX},
        scans=only(DEFAULT_PARTITION),
        why="The default partition is read for rows that belong in the new one.",
        safe="A CHECK on the default partition that leaves the new bounds out: ADD it NOT VALID, "
        "VALIDATE it, then ATTACH.",
    ),
    LockFact(
        id="attach-partition-beside-proven-default",
        form="ALTER TABLE … ATTACH PARTITION …, the default partition's CHECK leaves it out",
        examples=(f"ALTER TABLE notes ATTACH PARTITION notes_2026 {_2026}",),
        locks={PARENT: SUX, PARTITION: AX, DEFAULT_PARTITION: AX},
        why="The CHECKs prove that no row is in the wrong place.",
    ),
    LockFact(
        id="detach-partition-before-14",
        form="ALTER TABLE … DETACH PARTITION …",
        examples=("ALTER TABLE events DETACH PARTITION events_2024",),
        locks={PARENT: AX, PARTITION: SUX},
        before=14,
        why="Nothing is read, but nobody may use the partitioned table meanwhile.",
    ),
    LockFact(
        id="detach-partition",
        form="ALTER TABLE … DETACH PARTITION …",
        examples=("ALTER TABLE events DETACH PARTITION events_2024",),
        locks={PARENT: AX, PARTITION: AX},
        since=14,
        why="Nothing is read, but nobody may use the partitioned table meanwhile.",
        safe="DETACH PARTITION … CONCURRENTLY, outside of a transaction.",
    ),
    LockFact(
        id="detach-partition-beside-default",
        form="ALTER TABLE … DETACH PARTITION …, of a table with a default partition",
        examples=("ALTER TABLE logs DETACH PARTITION logs_2024",),
        locks={PARENT: AX, PARTITION: AX, DEFAULT_PARTITION: AX},
        since=14,
        why="Nothing is read, but nobody may use the partitioned table meanwhile.",
    ),
    LockFact(
        id="detach-partition-beside-default-before-14",
        form="ALTER TABLE … DETACH PARTITION …, of a table with a default partition",
        examples=("ALTER TABLE logs DETACH PARTITION logs_2024",),
        locks={PARENT: AX, PARTITION: SUX, DEFAULT_PARTITION: AX},
        before=14,
        why="Nothing is read, but nobody may use the partitioned table meanwhile.",
    ),
    LockFact(
        id="detach-partition-concurrently",
        form="ALTER TABLE … DETACH PARTITION … CONCURRENTLY",
        examples=("ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY",),
        locks={PARENT: SUX, PARTITION: AX},
        since=14,
        transactional=False,
        waits=True,
        why="In two transactions; those that use the partitioned table are waited for between.",
        safe="Outside of a transaction; a failed one is ended by DETACH PARTITION … FINALIZE.",
    ),
    LockFact(
        id="detach-partition-concurrently-beside-default",
        form="ALTER TABLE … DETACH PARTITION … CONCURRENTLY, of a table with a default partition",
        examples=("ALTER TABLE logs DETACH PARTITION logs_2024 CONCURRENTLY",),
        locks=NOTHING,
        refused="55000",
        since=14,
        transactional=False,
        why="Rows of its bounds would have to go into the default partition meanwhile.",
        safe="DETACH PARTITION with a short lock_timeout.",
    ),
    LockFact(
        id="drop-partition",
        form="DROP TABLE …, of a partition",
        examples=("DROP TABLE events_2024",),
        locks={PARENT: AX, PARTITION: AX},
        why="The partitioned table has to forget it, so nobody may use that meanwhile.",
        safe="DETACH PARTITION … CONCURRENTLY first (from 14 on), then DROP TABLE.",
    ),
    LockFact(
        id="drop-partition-beside-default",
        form="DROP TABLE …, of a partition of a table with a default partition",
        examples=("DROP TABLE logs_2024",),
        locks={PARENT: AX, PARTITION: AX, DEFAULT_PARTITION: AX},
        why="What may go into the default partition changes, so that is locked too.",
        safe="A short lock_timeout; DETACH PARTITION CONCURRENTLY is refused there.",
    ),
    LockFact(
        id="truncate-partition-before-14",
        form="TRUNCATE …, of a partition",
        examples=("TRUNCATE events_2024",),
        locks={PARENT: AS, PARTITION: AX},
        empties=only(PARTITION),
        before=14,
        why="The partition gets a new, empty file: all rows are gone.",
    ),
    LockFact(
        id="truncate-partition",
        form="TRUNCATE …, of a partition",
        examples=("TRUNCATE events_2024",),
        locks={PARTITION: AX},
        empties=only(PARTITION),
        since=14,
        why="The partition gets a new, empty file: all rows are gone.",
    ),
    LockFact(
        id="add-column-to-partitions",
        form="ALTER TABLE … ADD COLUMN …, of a partitioned table",
        examples=(
            "ALTER TABLE events ADD extra integer",
            "ALTER TABLE events ADD extra integer NOT NULL DEFAULT 1",
        ),
        locks={PARENT: AX, PARTITION: AX},
        why="Only the catalog changes, of all partitions at once.",
    ),
    LockFact(
        id="add-volatile-column-to-partitions",
        form="ALTER TABLE … ADD COLUMN … with a volatile default, of a partitioned table",
        examples=("ALTER TABLE events ADD extra integer DEFAULT changing()",),
        locks={PARENT: AX, PARTITION: AX},
        rewrites=only(PARTITION),
        why="All partitions are written anew, all of them locked until the last one is done.",
        safe="Nullable without a default, SET DEFAULT, then fill partition by partition.",
    ),
    LockFact(
        id="set-not-null-of-partitions",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, of a partitioned table",
        examples=("ALTER TABLE events ALTER id SET NOT NULL",),
        locks={PARENT: AX, PARTITION: AX},
        scans=only(PARTITION),
        why="All partitions are read, all of them locked until the last one is done.",
        safe="A validated CHECK (c IS NOT NULL) on each partition first.",
    ),
    LockFact(
        id="set-not-null-of-one-partition",
        form="ALTER TABLE … ALTER COLUMN … SET NOT NULL, of one partition",
        examples=("ALTER TABLE events_2024 ALTER id SET NOT NULL",),
        locks={PARTITION: AX},
        scans=only(PARTITION),
        why="All rows of the partition are checked while nobody can read it.",
        safe="A validated CHECK (c IS NOT NULL) on it first.",
    ),
)

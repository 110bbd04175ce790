"""Indexes."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    INDEX,
    MATERIALIZED_VIEW,
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

_OLD_SNAPSHOTS = (
    "Outside of a transaction and without lock_timeout, after transactions that are open for long "
    "have ended; a failed one leaves an invalid index: drop it, and build again."
)

FACTS = (
    LockFact(
        id="create-index",
        form="CREATE [UNIQUE] INDEX … ON … (…)",
        examples=(
            "CREATE INDEX fresh ON items (big)",
            "CREATE UNIQUE INDEX fresh ON items (big)",
            "CREATE INDEX fresh ON items (lower(name)) WHERE amount > 0",
            "CREATE INDEX fresh ON items USING hash (name)",
            "CREATE INDEX fresh ON items USING gin (docb)",
            "CREATE INDEX fresh ON items USING gist (host inet_ops)",
            "CREATE INDEX fresh ON items USING brin (made)",
            "CREATE INDEX fresh ON items USING spgist (name)",
            "CREATE INDEX fresh ON items (big) INCLUDE (amount)",
        ),
        locks={TABLE: S},
        scans=only(TABLE),
        builds=only(TABLE),
        why="Nobody can write to the table until the index is built.",
        safe=f"CREATE INDEX CONCURRENTLY. {_OLD_SNAPSHOTS}",
    ),
    LockFact(
        id="create-index-if-not-exists",
        form="CREATE INDEX IF NOT EXISTS …, of an index that exists",
        examples=("CREATE INDEX IF NOT EXISTS items_code ON items (amount)",),
        locks={TABLE: S},
        why="It does nothing, even where the definition differs or the index is invalid.",
        safe="Look in the catalog which indexes there are, and leave IF NOT EXISTS out.",
    ),
    LockFact(
        id="create-index-concurrently",
        form="CREATE [UNIQUE] INDEX CONCURRENTLY … ON … (…)",
        examples=(
            "CREATE INDEX CONCURRENTLY fresh ON items (big)",
            "CREATE UNIQUE INDEX CONCURRENTLY fresh ON items (big)",
        ),
        locks={TABLE: SUX},
        scans=only(TABLE),
        builds=only(TABLE),
        transactional=False,
        waits=True,
        why="The table is read twice while others write, and old transactions are waited for.",
        safe=_OLD_SNAPSHOTS,
    ),
    LockFact(
        id="create-index-on-partitioned",
        form="CREATE INDEX … ON a partitioned table",
        examples=("CREATE INDEX fresh ON events (note)",),
        locks={PARENT: S, PARTITION: S},
        scans=only(PARTITION),
        builds=only(PARTITION),
        why="Nobody can write to any partition until the indexes of all are built.",
        safe=(
            "CREATE INDEX … ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then "
            "ALTER INDEX … ATTACH PARTITION."
        ),
    ),
    LockFact(
        id="create-index-on-only",
        form="CREATE INDEX … ON ONLY a partitioned table",
        examples=("CREATE INDEX fresh ON ONLY events (note)",),
        locks={PARENT: S},
        why="The index is invalid until an index of each partition is attached.",
    ),
    LockFact(
        id="create-index-concurrently-on-partitioned",
        form="CREATE INDEX CONCURRENTLY … ON a partitioned table",
        examples=("CREATE INDEX CONCURRENTLY fresh ON events (note)",),
        locks=NOTHING,
        refused="0A000",
        transactional=False,
        why="No version knows how to.",
        safe=(
            "CREATE INDEX … ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then "
            "ALTER INDEX … ATTACH PARTITION."
        ),
    ),
    LockFact(
        id="drop-index",
        form="DROP INDEX …",
        examples=("DROP INDEX items_code", "DROP INDEX IF EXISTS items_code"),
        locks={TABLE: AX},
        why="Nothing is read or written, but nobody may use the table meanwhile.",
        safe="DROP INDEX CONCURRENTLY, outside of a transaction.",
    ),
    LockFact(
        id="drop-index-concurrently",
        form="DROP INDEX CONCURRENTLY …",
        examples=("DROP INDEX CONCURRENTLY items_code",),
        locks={TABLE: SUX},
        transactional=False,
        waits=True,
        why="Transactions that use the table are waited for, others go on.",
    ),
    LockFact(
        id="reindex",
        form="REINDEX INDEX …, or REINDEX TABLE …",
        examples=("REINDEX INDEX items_code", "REINDEX TABLE items"),
        locks={TABLE: S, INDEX: AX},
        scans=only(TABLE),
        builds=only(TABLE),
        why="Nobody can write to the table, and queries whose plan may use the index wait too.",
        safe=f"REINDEX … CONCURRENTLY. {_OLD_SNAPSHOTS}",
    ),
    LockFact(
        id="reindex-concurrently",
        form="REINDEX INDEX CONCURRENTLY …, or REINDEX TABLE CONCURRENTLY …",
        examples=(
            "REINDEX INDEX CONCURRENTLY items_code",
            "REINDEX TABLE CONCURRENTLY filled",
        ),
        locks={TABLE: SUX},
        scans=only(TABLE),
        builds=only(TABLE),
        transactional=False,
        waits=True,
        why="A new index is built beside the old one while others write, then they are swapped.",
        safe=_OLD_SNAPSHOTS,
    ),
    LockFact(
        id="rename-index",
        form="ALTER INDEX … RENAME TO …",
        examples=("ALTER INDEX items_code RENAME TO other",),
        locks={INDEX: SUX},
        why="Only the catalog changes.",
    ),
    LockFact(
        id="rename-index-as-table",
        form="ALTER TABLE index RENAME TO …",
        examples=("ALTER TABLE items_code RENAME TO other",),
        locks={INDEX: AX},
        why="Queries of the table wait for its indexes too.",
        safe="ALTER INDEX … RENAME TO … instead.",
    ),
    LockFact(
        id="set-index-parameters",
        form="ALTER INDEX … SET (fillfactor = …), or ALTER COLUMN … SET STATISTICS",
        examples=(
            "ALTER INDEX items_code SET (fillfactor = 80)",
            "ALTER INDEX items_code RESET (fillfactor)",
            "ALTER INDEX things_nick ALTER COLUMN 1 SET STATISTICS 500",
        ),
        locks={INDEX: SUX},
        why="It holds for pages and statistics written from now on.",
    ),
    LockFact(
        id="set-index-tablespace",
        form="ALTER INDEX … SET TABLESPACE …",
        examples=("ALTER INDEX items_code SET TABLESPACE elsewhere",),
        locks={INDEX: AX},
        builds=only(TABLE),
        why="The index is copied while queries of the table wait.",
        safe="CREATE INDEX CONCURRENTLY there, then DROP INDEX CONCURRENTLY of the old one.",
    ),
    LockFact(
        id="attach-index",
        form="ALTER INDEX … ATTACH PARTITION …",
        examples=("ALTER INDEX events_fresh ATTACH PARTITION events_2024_fresh",),
        locks=NOTHING,
        after=(
            "CREATE INDEX events_fresh ON ONLY events (note)",
            "CREATE INDEX events_2024_fresh ON events_2024 (note)",
        ),
        why="Only the catalog changes.",
    ),
    LockFact(
        id="create-index-on-materialized-view",
        form="CREATE INDEX … ON a materialized view",
        examples=("CREATE INDEX fresh ON totals (n)",),
        locks={MATERIALIZED_VIEW: S},
        scans=only(MATERIALIZED_VIEW),
        builds=only(MATERIALIZED_VIEW),
        why="It can be read, but not refreshed until the index is built.",
        safe="CREATE INDEX CONCURRENTLY.",
    ),
)

"""Foreign keys."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AX,
    NOTHING,
    PARENT,
    PARTITION,
    REFERENCED,
    REFERENCING,
    RS,
    SRX,
    SUX,
    TABLE,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

_TWO_STEPS = "ADD it NOT VALID, then VALIDATE CONSTRAINT in another transaction."

FACTS = (
    LockFact(
        id="add-foreign-key",
        form="ALTER TABLE … ADD FOREIGN KEY (…) REFERENCES …",
        examples=(
            "ALTER TABLE orders ADD FOREIGN KEY (zone) REFERENCES customers",
            "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES customers (id) ON DELETE CASCADE",
        ),
        locks={TABLE: SRX, REFERENCED: SRX},
        scans=only(TABLE),
        why="All rows are looked up in the referenced table while nobody can write to either.",
        safe=f"{_TWO_STEPS} An index on the referencing columns before.",
    ),
    LockFact(
        id="add-foreign-key-not-valid",
        form="ALTER TABLE … ADD FOREIGN KEY (…) REFERENCES … NOT VALID",
        examples=("ALTER TABLE orders ADD FOREIGN KEY (zone) REFERENCES customers NOT VALID",),
        locks={TABLE: SRX, REFERENCED: SRX},
        why="It holds for rows written from now on; triggers are made on both tables.",
        safe="As it is; an index on the referencing columns before, or deletes of referenced rows "
        "read the whole table.",
    ),
    LockFact(
        id="validate-foreign-key",
        form="ALTER TABLE … VALIDATE CONSTRAINT …, of a foreign key",
        examples=("ALTER TABLE orders VALIDATE CONSTRAINT orders_buyer",),
        locks={TABLE: SUX, REFERENCED: RS},
        scans=only(TABLE),
        why="All rows are looked up, while others read and write.",
    ),
    LockFact(
        id="drop-foreign-key",
        form="ALTER TABLE … DROP CONSTRAINT …, of a foreign key",
        examples=(
            "ALTER TABLE orders DROP CONSTRAINT orders_customer",
            "ALTER TABLE orders DROP CONSTRAINT orders_buyer",
        ),
        locks={TABLE: AX, REFERENCED: AX},
        why="Its triggers are dropped on both tables.",
        safe="One at a time, each in a transaction of its own.",
    ),
    LockFact(
        id="drop-referenced-key",
        form="ALTER TABLE … DROP CONSTRAINT … CASCADE, of a key that is referenced",
        examples=("ALTER TABLE products DROP CONSTRAINT products_pkey CASCADE",),
        locks={TABLE: AX, REFERENCING: AX},
        why="The foreign keys that reference it go with it, on each of the tables.",
        safe="DROP CONSTRAINT of each foreign key in a transaction of its own first.",
    ),
    LockFact(
        id="alter-foreign-key",
        form="ALTER TABLE … ALTER CONSTRAINT … DEFERRABLE",
        examples=(
            "ALTER TABLE orders ALTER CONSTRAINT orders_customer DEFERRABLE",
            "ALTER TABLE orders ALTER CONSTRAINT orders_customer DEFERRABLE INITIALLY DEFERRED",
        ),
        locks={TABLE: AX},
        why="Only the catalog changes.",
    ),
    LockFact(
        id="add-foreign-key-of-partitioned-not-valid-refused",
        form="ALTER TABLE … ADD FOREIGN KEY … NOT VALID, of a partitioned table",
        examples=("ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES customers NOT VALID",),
        locks=NOTHING,
        refused="42809",
        before=18,
        why="Before 18 a partitioned table has no foreign keys that are not validated.",
        safe="NOT VALID and VALIDATE on each partition, then on the parent, which finds them.",
    ),
    LockFact(
        id="add-foreign-key-of-partitioned-not-valid",
        form="ALTER TABLE … ADD FOREIGN KEY … NOT VALID, of a partitioned table",
        examples=("ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES customers NOT VALID",),
        locks={PARENT: SRX, PARTITION: SRX, REFERENCED: SRX},
        since=18,
        why="It holds for rows written from now on, in all partitions.",
    ),
    LockFact(
        id="add-foreign-key-of-partitioned",
        form="ALTER TABLE … ADD FOREIGN KEY …, of a partitioned table",
        examples=("ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES customers",),
        locks={PARENT: SRX, PARTITION: SRX, REFERENCED: SRX},
        scans=only(PARTITION),
        why="All rows of all partitions are looked up while nobody can write to any.",
        safe="NOT VALID and VALIDATE on each partition, then on the parent, which finds them.",
    ),
    LockFact(
        id="add-foreign-key-to-partitioned",
        form="ALTER TABLE … ADD FOREIGN KEY … REFERENCES a partitioned table NOT VALID",
        examples=("ALTER TABLE orders ADD FOREIGN KEY (zone) REFERENCES zones NOT VALID",),
        locks={TABLE: SRX, PARENT: SRX, PARTITION: SRX},
        why="Triggers are made on each partition of the referenced table.",
        safe="As it is; all partitions are locked, so keep the transaction to this one statement.",
    ),
    LockFact(
        id="add-foreign-key-to-partitioned-checked",
        form="ALTER TABLE … ADD FOREIGN KEY … REFERENCES a partitioned table",
        examples=("ALTER TABLE orders ADD FOREIGN KEY (zone) REFERENCES zones",),
        locks={TABLE: SRX, PARENT: SRX, PARTITION: SRX},
        scans=only(TABLE),
        why="All rows are looked up while nobody can write to any of the tables.",
        safe=_TWO_STEPS,
    ),
    LockFact(
        id="add-foreign-key-not-enforced",
        form="ALTER TABLE … ADD FOREIGN KEY … NOT ENFORCED",
        examples=("ALTER TABLE orders ADD FOREIGN KEY (zone) REFERENCES customers NOT ENFORCED",),
        locks={TABLE: SRX, REFERENCED: SRX},
        since=18,
        why="Nothing is checked, neither now nor later.",
    ),
    LockFact(
        id="do-not-enforce-foreign-key",
        form="ALTER TABLE … ALTER CONSTRAINT … NOT ENFORCED, of a foreign key",
        examples=("ALTER TABLE orders ALTER CONSTRAINT orders_customer NOT ENFORCED",),
        locks={TABLE: AX, REFERENCED: AX},
        since=18,
        why="Its triggers are dropped on both tables.",
        safe="In a transaction of its own.",
    ),
    LockFact(
        id="enforce-foreign-key",
        form="ALTER TABLE … ALTER CONSTRAINT … ENFORCED, of a foreign key",
        examples=("ALTER TABLE orders ALTER CONSTRAINT orders_lax ENFORCED",),
        locks={TABLE: AX, REFERENCED: SRX},
        scans=only(TABLE),
        since=18,
        why="Triggers are made, and all rows looked up, while nobody can read the table.",
        safe="DROP it, ADD it NOT VALID, then VALIDATE CONSTRAINT in another transaction.",
    ),
)

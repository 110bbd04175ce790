"""Safe ways of the lock table in SQL, for its sample schema.

Each statement is a transaction of its own. The tests run them in this order, and hold that no step
takes long while it blocks writers or readers.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SAFE_WAYS"]


def _there(table: str, column: str) -> tuple[str, ...]:
    """NOT NULL, proven by a CHECK that is validated while others write."""
    name = f"{column}_there"
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
        f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def _checked(table: str, name: str, constraint: str) -> tuple[str, ...]:
    """A constraint that is validated while others write."""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint} NOT VALID",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
    )


SAFE_WAYS: Mapping[str, tuple[str, ...]] = {
    "add-column-volatile-default": (
        "ALTER TABLE items ADD COLUMN luck double precision",
        "ALTER TABLE items ALTER COLUMN luck SET DEFAULT random()",
        "UPDATE items SET luck = random() WHERE id > 0 AND id <= 1000 AND luck IS NULL",
        *_there("items", "luck"),
    ),
    "add-column-identity": (
        "ALTER TABLE items ADD COLUMN number bigint",
        "CREATE SEQUENCE items_number OWNED BY items.number",
        "ALTER TABLE items ALTER COLUMN number SET DEFAULT nextval('items_number')",
        "UPDATE items SET number = DEFAULT WHERE id > 0 AND id <= 1000 AND number IS NULL",
        *_there("items", "number"),
        "ALTER TABLE items ALTER COLUMN number DROP DEFAULT, "
        "ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (START WITH 2000)",
    ),
    "add-column-check": (
        "ALTER TABLE items ADD COLUMN level integer",
        *_checked("items", "items_level", "CHECK (level > 0)"),
    ),
    "add-column-constrained-domain": (
        "ALTER TABLE items ADD COLUMN weight integer",
        *_checked("items", "items_weight", "CHECK (weight > 0)"),
    ),
    "add-column-references-default": (
        "ALTER TABLE orders ADD COLUMN payer integer DEFAULT 1",
        *_checked("orders", "orders_payer", "FOREIGN KEY (payer) REFERENCES customers"),
    ),
    "add-column-unique": (
        "ALTER TABLE items ADD COLUMN serial integer",
        "CREATE UNIQUE INDEX CONCURRENTLY items_serial ON items (serial)",
        "ALTER TABLE items ADD UNIQUE USING INDEX items_serial",
    ),
    "set-not-null": _there("things", "maybe"),
    "type-in-check": (
        "ALTER TABLE things DROP CONSTRAINT things_checked, "
        "ADD CONSTRAINT things_checked CHECK (checked <> '') NOT VALID, "
        "ALTER COLUMN checked TYPE varchar(40)",
        "ALTER TABLE things VALIDATE CONSTRAINT things_checked",
    ),
    "type-in-index-expression": (
        "DROP INDEX CONCURRENTLY things_nick",
        "ALTER TABLE things ALTER COLUMN nick TYPE varchar(40)",
        "CREATE INDEX CONCURRENTLY things_nick ON things (lower(nick))",
    ),
    "type-timestamptz-precision": ("ALTER TABLE items ALTER COLUMN made_3 TYPE timestamptz",),
    "add-check": _checked("items", "items_short", "CHECK (length(name) < 100)"),
    "add-check-to-partitions": _checked("events", "events_known", "CHECK (id > 0)"),
    "add-unique": (
        "CREATE UNIQUE INDEX CONCURRENTLY items_big ON items (big)",
        "ALTER TABLE items ADD CONSTRAINT items_big UNIQUE USING INDEX items_big",
    ),
    "add-unique-to-partitions": (
        "ALTER TABLE ONLY events ADD CONSTRAINT events_one UNIQUE (id, at)",
        "CREATE UNIQUE INDEX CONCURRENTLY events_2024_one ON events_2024 (id, at)",
        "ALTER TABLE events_2024 ADD CONSTRAINT events_2024_one UNIQUE USING INDEX events_2024_one",
        "ALTER INDEX events_one ATTACH PARTITION events_2024_one",
    ),
    "add-primary-key": (
        *_there("typed", "id"),
        "CREATE UNIQUE INDEX CONCURRENTLY typed_id ON typed (id)",
        "ALTER TABLE typed ADD PRIMARY KEY USING INDEX typed_id",
    ),
    "add-foreign-key": (
        "CREATE INDEX CONCURRENTLY orders_zone ON orders (zone)",
        *_checked("orders", "orders_zone", "FOREIGN KEY (zone) REFERENCES customers"),
    ),
    "add-foreign-key-of-partitioned": (
        *_checked("events_2024", "events_whose", "FOREIGN KEY (id) REFERENCES customers"),
        "ALTER TABLE events ADD CONSTRAINT events_whose FOREIGN KEY (id) REFERENCES customers",
    ),
    "create-index": ("CREATE INDEX CONCURRENTLY items_tiny ON items (tiny)",),
    "create-index-on-partitioned": (
        "CREATE INDEX events_note ON ONLY events (note)",
        "CREATE INDEX CONCURRENTLY events_2024_note ON events_2024 (note)",
        "ALTER INDEX events_note ATTACH PARTITION events_2024_note",
    ),
    "reindex": ("REINDEX TABLE CONCURRENTLY items",),
    "attach-partition-with-foreign-key": (
        *_checked("visits_2026", "visits_whose", "FOREIGN KEY (customer_id) REFERENCES customers"),
        "ALTER TABLE visits ATTACH PARTITION visits_2026 "
        "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    ),
    "attach-partition-beside-default": (
        *_checked("logs_rest", "logs_old", "CHECK (at < '2026-01-01')"),
        "ALTER TABLE logs ATTACH PARTITION logs_2026 "
        "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    ),
    "set-not-null-of-partitions": (
        *_checked("events_2024", "events_2024_there", "CHECK (id IS NOT NULL)"),
        "ALTER TABLE events ALTER COLUMN id SET NOT NULL",
    ),
    "create-partition": (
        "CREATE TABLE events_2030 (LIKE events INCLUDING ALL, "
        "FOREIGN KEY (id) REFERENCES customers, CHECK (at >= '2030-01-01' AND at < '2031-01-01'))",
        "ALTER TABLE events ATTACH PARTITION events_2030 "
        "FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    ),
    "refresh-materialized-view": ("REFRESH MATERIALIZED VIEW CONCURRENTLY totals",),
}
"""By the id of the row whose statement they replace."""
